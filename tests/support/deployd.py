"""deployd over a queue, an access of teams and a cluster that are real, in memory or not; nothing of it is replaced."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fairway.adapters.memory.taken import MemoryOutcomes
from fairway.adapters.queue.memory import MemoryQueue
from fairway.domain.dispatch.requests import DeploymentRequest, RepositoryName
from fairway.domain.dispatch.sealing import Seal
from fairway.domain.dispatch.statuses import DeploymentStatus, ReportedState
from fairway.domain.health import Tolerance
from fairway.domain.manifests.objects import Object
from fairway.services.deployd.carrying import Carrying
from fairway.services.deployd.deployd import Deployd, Instance
from fairway.services.deployd.insisting import Insisting
from fairway.services.deployd.masking import Masks
from fairway.services.deployd.metrics import NoDeploydMetrics
from fairway.services.deployd.options import DeploydOptions
from fairway.services.deployd.performing import Performing
from fairway.services.deployd.ports import Outcomes
from fairway.services.deployd.reporting import Reports
from fairway.services.engine.retrying import Backoff
from fairway.services.queue.correspondence import Correspondence
from fairway.services.queue.ports import Topic
from fairway.services.waiting import open_waiter

CLUSTER = "dev-fss"
KEY = b"a key that all processes share"
FINAL = frozenset({ReportedState.SUCCESS, ReportedState.FAILURE, ReportedState.ERROR, ReportedState.INACTIVE})
QUICK = Backoff(first=0.01, longest=0.05)


class CountedMetrics(NoDeploydMetrics):
    """What was counted, by name."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def ended(self, state: str, seconds: float) -> None:
        self.seen.append(("ended", state))

    def ignored(self) -> None:
        self.seen.append(("ignored", 1))

    def rejected(self, reason: str) -> None:
        self.seen.append(("rejected", reason))

    def applied(self, objects: int) -> None:
        self.seen.append(("applied", objects))


@dataclass
class Desk:
    """hookd's side of a queue: sends requests, and reads what is reported."""

    queue: Any = field(default_factory=MemoryQueue)
    cluster: str = CLUSTER
    statuses: list[DeploymentStatus] = field(default_factory=list)
    rejected: list[tuple[Topic, str]] = field(default_factory=list)
    key: bytes = KEY

    def __post_init__(self) -> None:
        self.mail = Correspondence(self.queue, Seal([self.key]), lambda topic, why: self.rejected.append((topic, why)))

    def request(self, *resources: Object, team: str = "aura", seconds: float = 60, **more: Any) -> DeploymentRequest:
        now = datetime.now(UTC).replace(microsecond=0)
        made = DeploymentRequest(
            delivery_id=str(uuid.uuid4()),
            repository=RepositoryName("navikt", "shop"),
            deployment_id=7,
            cluster=self.cluster,
            team=team,
            resources=resources,
            at=now,
            deadline=now + timedelta(seconds=seconds),
        )
        return replace(made, **more)

    async def send(self, *requests: DeploymentRequest) -> None:
        await self.mail.send_sealed([(one.key, self.mail.seal_request(one)) for one in requests])

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Statuses come in for as long as the block lasts."""
        async with self.mail.subscribe(Topic.STATUSES, "desk") as subscription:

            async def listen() -> None:
                while True:
                    batch = await subscription.fetch(50, timeout=0.2)
                    for received in batch:
                        status = self.mail.open(received)
                        assert isinstance(status, DeploymentStatus)
                        self.statuses.append(status)
                    await subscription.settle(batch)

            task = asyncio.create_task(listen())
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def of(self, request: DeploymentRequest) -> list[DeploymentStatus]:
        return [one for one in self.statuses if one.delivery_id == request.delivery_id]

    def states(self, request: DeploymentRequest) -> list[str]:
        return [one.state.value for one in self.of(request)]

    async def reported(
        self, request: DeploymentRequest, *states: ReportedState, seconds: float = 60
    ) -> DeploymentStatus:
        """The first report of one of these states."""
        found: list[DeploymentStatus] = []

        def there() -> bool:
            found[:] = [one for one in self.of(request) if one.state in states]
            return bool(found)

        await eventually(there, seconds=seconds, what=lambda: f"{states}: {self.of(request)}")
        return found[0]

    async def outcome(self, request: DeploymentRequest, *, seconds: float = 60) -> DeploymentStatus:
        return await self.reported(request, *FINAL, seconds=seconds)


async def eventually(
    holds: Callable[[], Any], *, seconds: float = 30, what: Callable[[], Any] = lambda: "it did not come so"
) -> None:
    """Return when it holds, now or soon; AssertionError when it never does."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        found = holds()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return
        assert loop.time() < until, what()
        await asyncio.sleep(0.01)


@dataclass
class Station:
    """What a deployd needs; `started` puts one together and runs it, as often as somebody likes."""

    desk: Desk
    kube: Any
    teams: Any
    outcomes: Outcomes = field(default_factory=MemoryOutcomes)
    timeout: float = 30
    grace: float = 2
    options: dict[str, Any] = field(default_factory=dict)
    metrics: CountedMetrics = field(default_factory=CountedMetrics)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @asynccontextmanager
    async def started(self) -> AsyncIterator[Deployd]:
        options = DeploydOptions(
            self.desk.cluster,
            **{"timeout": timedelta(seconds=self.timeout), "stop_within": timedelta(seconds=2), **self.options},
        )
        masks = Masks()
        tolerance = Tolerance(restarts=1, grace=timedelta(seconds=self.grace))
        insisting = Insisting(self.now, QUICK)
        async with open_waiter(self.kube, tolerance=tolerance, mask=masks.all) as waiter:
            performing = Performing(self.kube, self.teams, waiter, insisting, team_namespaces=options.team_namespaces)
            reports = Reports(self.desk.mail.send_statuses, QUICK)
            carrying = Carrying(
                performing, self.outcomes, reports, masks, insisting, self.metrics, timeout=options.timeout
            )
            deployd = Deployd(
                options,
                Instance("test-1", "0"),
                self.desk.mail,
                self.outcomes,
                carrying,
                reports,
                self.metrics,
                now=self.now,
                backoff=QUICK,
            )
            running = asyncio.create_task(deployd.run())
            try:
                yield deployd
            finally:
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running


def allow_everything(namespace: str, team: str = "aura", account_in: str = "default") -> Iterable[Object]:
    """A Role for whatever a team does in a namespace, bound to its account."""
    api = "rbac.authorization.k8s.io"
    metadata = {"name": f"team-{team}", "namespace": namespace}
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "create", "patch", "delete"]}]
    yield {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": metadata, "rules": rules}
    yield {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": api, "kind": "Role", "name": f"team-{team}"},
        "subjects": [{"kind": "ServiceAccount", "namespace": account_in, "name": f"serviceuser-{team}"}],
    }


class Away:
    """Passes everything on, but for the time that it is away. Works for a queue, a cluster and a memory."""

    def __init__(self, inner: Any, error: Callable[[str], Exception]) -> None:
        self.inner = inner
        self.is_away = False
        self.refused = 0
        self._error = error

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: Any, **options: Any) -> Any:
            if self.is_away:
                self.refused += 1
                raise self._error(name)
            return await found(*args, **options)

        return call
