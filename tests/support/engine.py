"""The engine over one namespace, for tests: in memory or on a real cluster, declared by a few lines of Python.

The rule not to break: nothing of the engine is replaced; only its ports are given, and the declared inputs.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from fairway.adapters.helm.sdk import SdkRenderer
from fairway.adapters.helm.secrets import SecretRevisionStore
from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.charts.rendering import Capabilities, ChartSource
from fairway.domain.errors import Position
from fairway.domain.health import HealthRule
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.domain.manifests.origins import Written
from fairway.domain.releases.holding import Holder, Life
from fairway.domain.releases.plan import EnvironmentPlan, ObjectAction, ReleasePlan
from fairway.domain.releases.revision import Revision
from fairway.domain.repository.models import (
    Cluster,
    CrdPolicy,
    DriftMode,
    Environment,
    FailurePolicy,
    ImmutablePolicy,
    Need,
    Policy,
    Provider,
    Release,
)
from fairway.domain.values.secrets import SecretRegister
from fairway.services.engine.carrying import Result
from fairway.services.engine.drifting import find_drift
from fairway.services.engine.inputs import PlainFile, ReleaseInputs, gather
from fairway.services.engine.opened import OpenEnvironment
from fairway.services.engine.planning import PlanOptions
from fairway.services.engine.plans import PlannedEnvironment, plan_environment
from fairway.services.engine.ports import Kube
from fairway.services.engine.recording import NoLog
from fairway.services.engine.retrying import Backoff
from fairway.services.engine.run_options import RunOptions
from fairway.services.engine.run_result import RunResult
from fairway.services.engine.running import EnvironmentRun
from fairway.services.engine.session import Session, Unhealthy, Waiter
from fairway.services.engine.verbs import Verbs
from fairway.services.waiting import open_waiter

HERE = Position("tests.yaml", 1, 1)
SOURCE = "tests//environments.yaml"


@dataclass(frozen=True)
class Declared:
    """A release with what it is made of: a chart folder with values, or plain texts."""

    release: Release
    chart: ChartSource | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[PlainFile, ...] = ()


def plain(name: str, *objects: Object | str, needs: Sequence[str] = (), **more: Any) -> Declared:
    """A release of plain resource files, one for each object."""
    texts = [o if isinstance(o, str) else yaml.safe_dump(o, sort_keys=False) for o in objects]
    files = tuple(PlainFile(f"resources/{name}-{i}.yaml", text) for i, text in enumerate(texts))
    return Declared(_release(name, needs, more), files=files)


def charted(
    name: str, chart: Path | ChartSource, values: Mapping[str, Any] | None = None, *, needs: Sequence[str] = (),
    **more: Any,
) -> Declared:  # fmt: skip
    """A release of a chart."""
    source = chart if isinstance(chart, ChartSource) else chart_source(chart)
    return Declared(_release(name, needs, more), chart=source, values=values or {})


def chart_source(folder: Path) -> ChartSource:
    """A chart folder as the shelf would give it, digested anew at each call."""
    files = {f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}
    about = yaml.safe_load(files["Chart.yaml"])
    texts = b"".join(data for path, data in files.items() if "templates/" in path)
    sha = hashlib.sha256(b"".join(path.encode() + b"\0" + data for path, data in files.items()))
    return ChartSource(
        about["name"],
        about["version"],
        str(folder),
        f"sha256:{sha.hexdigest()}",
        f"dir {folder.name}",
        uses_lookup=b"lookup" in texts,
        uses_capabilities=b".Capabilities" in texts,
    )


def _release(name: str, needs: Sequence[str], more: Mapping[str, Any]) -> Release:
    options = {"timeout": timedelta(seconds=30), **more}
    return Release(name, HERE, needs=tuple(Need(n, HERE) for n in needs), **options)


def config_map(name: str, namespace: str = "", **data: str) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


class DeclaredInputs:
    """What `Gathering` is for a repository: the inputs of what the test declared."""

    def __init__(self, environment: Environment, declared: Sequence[Declared]) -> None:
        self._environment = environment
        self._declared = {d.release.name: d for d in declared}

    async def __call__(self, release: Release, capabilities: Capabilities) -> ReleaseInputs:
        one = self._declared[release.name]
        return gather(
            self._environment,
            release,
            values=one.values,
            chart=one.chart,
            files=one.files,
            capabilities=capabilities,
        )

    async def written(self, release: Release) -> tuple[Written, ...]:
        return ()


class StillWaiter:
    """Takes everything for healthy at once, but for the named objects, which fail with the given words."""

    def __init__(self) -> None:
        self.failing: dict[str, str] = {}
        self.waited: list[str] = []

    async def until_healthy(
        self,
        applied: Sequence[tuple[ObjectRef, Object]],
        *,
        timeout: timedelta,
        on_progress: Callable[[str], None],
        rules: Sequence[HealthRule] = (),
    ) -> None:
        for ref, _ in applied:
            self._judge(ref)

    async def until_complete(self, ref: ObjectRef, *, timeout: timedelta, on_progress: Callable[[str], None]) -> None:
        self._judge(ref)

    async def until_gone(self, refs: Sequence[ObjectRef], *, timeout: timedelta) -> None:
        return None

    def _judge(self, ref: ObjectRef) -> None:
        self.waited.append(ref.name)
        if ref.name in self.failing:
            raise Unhealthy(f"{ref}: {self.failing[ref.name]}", ("  told in detail",))


@dataclass
class World:
    """One namespace of a cluster, and the engine at it. Everything that the engine reported is in `events`."""

    session: Session
    namespace: str
    environment_name: str = "test"
    policy: Policy = field(default_factory=Policy)
    events: list[Any] = field(default_factory=list)

    @property
    def kube(self) -> Any:
        return self.session.kube

    def environment(self, declared: Sequence[Declared]) -> Environment:
        cluster = Cluster("test", Provider("existingContext"), HERE)
        return Environment(
            self.environment_name,
            cluster,
            self.namespace,
            HERE,
            releases=tuple(d.release for d in declared),
            policy=self.policy,
        )

    def opened(self, declared: Sequence[Declared] = ()) -> OpenEnvironment:
        environment = self.environment(declared)
        inputs: Any = DeclaredInputs(environment, declared)
        return OpenEnvironment(environment, self.session, inputs, SecretRegister())

    async def apply(
        self,
        *declared: Declared,
        allow_deletions: bool = False,
        only: Sequence[str] = (),
        concurrency: int = 16,
        insist: bool = True,
        **plan: Any,
    ) -> RunResult:
        """`fairway apply`, or with `insist=False` what an agent does."""
        opened = self.opened(declared)
        options = RunOptions(
            plan=PlanOptions(**{"source": SOURCE, "retry_stalled": insist, **plan}),
            only=frozenset(only),
            concurrency=concurrency,
            allow_deletions=allow_deletions,
        )
        run = EnvironmentRun(
            self.session, opened.environment, opened.gather, options=options, report=self.events.append, log=NoLog()
        )
        return await run.apply()

    async def one(self, declared: Declared, **options: Any) -> Result:
        """Apply one release; only this one is looked at."""
        result = await self.apply(declared, only=[declared.release.name], **options)
        return result.results[declared.release.name]

    async def planned(self, *declared: Declared, only: Sequence[str] = (), **plan: Any) -> PlannedEnvironment:
        options = PlanOptions(source=SOURCE, retry_stalled=True, **plan)
        return await plan_environment(self.opened(declared), options, only=only)

    async def plan(self, *declared: Declared, **plan: Any) -> EnvironmentPlan:
        return (await self.planned(*declared, **plan)).plan

    async def plan_one(self, declared: Declared, **plan: Any) -> ReleasePlan:
        (only,) = (await self.plan(declared, only=[declared.release.name], **plan)).releases
        return only

    async def drift(self, *declared: Declared) -> dict[str, tuple[str, ...]]:
        """Drifted objects by release."""
        found = await find_drift(self.opened(declared))
        return {r.release: tuple(f"{o.action} {o.ref.kind}/{o.ref.name}" for o in r.objects) for r in found.releases}

    def verbs(self, *declared: Declared) -> Verbs:
        return Verbs(self.opened(declared), self.events.append, NoLog())

    async def rollback(self, name: str, version: int | None = None, *declared: Declared) -> Result:
        return await self.verbs(*declared).rollback(name, version, wait=True, timeout=timedelta(seconds=30))

    async def uninstall(self, name: str, *, keep_history: bool = False, no_hooks: bool = False) -> Result:
        return await self.verbs().uninstall(
            name, keep_history=keep_history, no_hooks=no_hooks, wait=True, timeout=timedelta(seconds=30)
        )

    async def history(self, name: str) -> list[tuple[int, str]]:
        summaries = await self.session.store.summaries(self.namespace, name=name)
        return [(s.version, s.status.value) for s in sorted(summaries, key=lambda s: s.version)]

    async def revision(self, name: str, version: int) -> Revision:
        found = await self.session.store.read(self.namespace, name, version)
        assert found is not None
        return found

    async def get(self, kind: str, name: str, api_version: str = "v1", namespace: str | None = None) -> Object | None:
        where = self.namespace if namespace is None else namespace
        found: Object | None = await self.kube.get(ObjectRef(api_version, kind, where, name))
        return found

    async def data(self, name: str) -> dict[str, str] | None:
        """What a ConfigMap holds; None when there is none."""
        found = await self.get("ConfigMap", name)
        return None if found is None else found.get("data") or {}

    async def put(self, obj: Object, manager: str = "kubectl-edit") -> Object:
        """Somebody else writes: server-side, with force."""
        obj = {**obj, "metadata": {"namespace": self.namespace, **obj["metadata"]}}
        stored: Object = await self.kube.apply(obj, ref_of(obj), manager=manager)
        return stored


class Clock:
    """Moves one second at each look."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


def memory_world(
    *,
    kube: Kube | None = None,
    waiter: Waiter | None = None,
    process: str = "1:1",
    life: Callable[[Holder], Life] = lambda _: Life.DEAD,
    clock: Callable[[], datetime] | None = None,
    namespace: str = "default",
) -> World:
    """The engine over a cluster in memory, revisions kept in its Secrets; nobody else is at work in it."""
    kube = kube if kube is not None else MemoryKube()
    now = clock or Clock()
    session = Session(
        kube=kube,
        store=SecretRevisionStore(kube, now=now, new_id=lambda: secrets.token_hex(4)),
        renderer=SdkRenderer(),
        waiter=waiter or StillWaiter(),
        now=now,
        holder=lambda deadline: Holder("here", process, "tester", deadline),
        life=life,
        backoff=Backoff(pause=_at_once),
    )
    return World(session, namespace)


async def _at_once(seconds: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def cluster_world(kubeconfig: Path, namespace: str, context: str | None = None) -> AsyncIterator[World]:
    """The engine on a real cluster, put together as the command line does."""
    from fairway.adapters.holding import ProcessHolding

    holding = ProcessHolding("tester")
    renderer = SdkRenderer(kubeconfig=str(kubeconfig), context=context)
    try:
        async with open_cluster(str(kubeconfig), context) as kube, open_waiter(kube) as waiter:
            session = Session(
                kube=kube,
                store=SecretRevisionStore(kube, now=_now, new_id=lambda: secrets.token_hex(8)),
                renderer=renderer,
                waiter=waiter,
                now=_now,
                holder=holding.holder,
                life=holding.life,
            )
            yield World(session, namespace)
    finally:
        renderer.close()


def _now() -> datetime:
    return datetime.now(UTC)


def actions(plan: ReleasePlan) -> dict[str, str]:
    """What a plan does to each object, unchanged ones left out."""
    return {
        f"{o.ref.kind}/{o.ref.name}": o.action.value for o in plan.objects if o.action is not ObjectAction.UNCHANGED
    }


def with_policy(declared: Declared, **policy: Any) -> Declared:
    """The same with another policy; words of an enumeration as people write them."""
    typed = {name: ENUMS[name](value) if name in ENUMS else value for name, value in policy.items()}
    return replace(declared, release=replace(declared.release, policy=replace(declared.release.policy, **typed)))


ENUMS: dict[str, type[StrEnum]] = {
    "drift": DriftMode,
    "crds": CrdPolicy,
    "immutable": ImmutablePolicy,
    "on_failure": FailurePolicy,
}
