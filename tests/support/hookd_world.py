"""A hookd in memory with a cluster and a GitHub that fail in the ways that they do."""

from __future__ import annotations

import itertools
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from tests.support.hookd import CLUSTER, SEAL, SECRET, Teams, Time, an_event, delivery

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.adapters.queue.memory import MemoryQueue
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.answers import Answer
from fairway.domain.dispatch.posting import TOLD
from fairway.domain.dispatch.requests import DeploymentRequest, RepositoryName
from fairway.domain.dispatch.statuses import DeploymentStatus, ReportedState
from fairway.domain.errors import Transient, UserError
from fairway.domain.notifications.event import Happening
from fairway.services.engine.retrying import Backoff
from fairway.services.hookd.hookd import Hookd
from fairway.services.hookd.options import HookdOptions
from fairway.services.hookd.ports import RequestStore, StatusPost, Tracked
from fairway.services.queue.correspondence import Correspondence
from fairway.services.queue.ports import Queue, Topic

QUICK = Backoff(first=0.001, longest=0.005, jitter=lambda: 0.0)
FINAL = frozenset({State.SUCCESS, State.FAILURE, State.ERROR})


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Life:
    """Ends at call number `at` of everything that it is lived with; `after`: when the call has been carried out."""

    at: int = 0
    after: bool = False
    calls: int = 0
    dead: bool = False


class Mortal:
    """Passes calls on for as long as the life lasts."""

    def __init__(self, inner: Any, life: Life) -> None:
        self._inner = inner
        self._life = life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name in ("subscribe", "close", "aclose"):
            return found

        async def call(*args: Any, **options: Any) -> Any:
            life = self._life
            if life.dead:
                raise Crash
            life.calls += 1
            life.dead = life.calls == life.at
            if life.dead and not life.after:
                raise Crash
            result = await found(*args, **options)
            if life.dead:
                raise Crash
            return result

        return call


class MemoryGithub:
    """Statuses by deployment. `next` says what happens to the next posts: `ok`, `lost` (it arrives, the answer does
    not), `away`, `refused`."""

    def __init__(self) -> None:
        self.posts: dict[int, list[StatusPost]] = defaultdict(list)
        self.next: deque[str] = deque()

    async def post(self, status: StatusPost) -> None:
        what = self.next.popleft() if self.next else "ok"
        if what == "refused":
            raise UserError("GitHub refused: 403 Resource not accessible by integration")
        if what != "away":
            self.posts[status.deployment_id].append(status)
        if what != "ok":
            raise Transient("GitHub did not answer")

    async def states(self, repository: RepositoryName, deployment_id: int) -> list[State]:
        return [one.state for one in self.posts[deployment_id]]

    async def aclose(self) -> None:
        return


@dataclass
class World:
    """Everything that outlives a hookd, and the hookd that is alive now."""

    store: RequestStore = field(default_factory=lambda: MemoryRequestStore(MemoryLedger()))
    queue: Queue = field(default_factory=MemoryQueue)
    github: MemoryGithub = field(default_factory=MemoryGithub)
    now: Time = field(default_factory=Time)
    life: Life = field(default_factory=Life)
    options: HookdOptions = field(default_factory=lambda: HookdOptions(webhook_secrets=(SECRET,), clusters=(CLUSTER,)))
    told: list[Happening] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    """Messages that were passed over."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self.others = Correspondence(self.queue, SEAL, lambda topic, reason: None)
        self.start()

    def start(self, life: Life | None = None) -> Hookd:
        """A hookd that knows nothing but what is stored."""
        self.life = life or Life()
        self.hookd = Hookd(
            self.options,
            Mortal(self.store, self.life),
            Correspondence(Mortal(self.queue, self.life), SEAL, lambda topic, reason: self.rejected.append(reason)),
            Teams({"navikt/web": {"aura"}}),
            Mortal(self.github, self.life),
            now=self.now,
            random=lambda bits: next(self._numbers) << 32 | secrets.randbits(16),
            tell=self.told.append,
            backoff=QUICK,
        )
        return self.hookd

    async def ask(self, number: int, **event: Any) -> Answer:
        return await self.hookd.accepting.github_event(an_event(number, **event))

    async def publish(self) -> None:
        while await self.hookd.publishing.publish():
            pass

    async def read(self) -> None:
        """All reports that are in the queue; then what is overdue."""
        async with self.others.subscribe(Topic.STATUSES, "hookd") as subscription:
            await self.hookd.listening.read(subscription, within=0.001)
            while await subscription.lag():
                await self.hookd.listening.read(subscription, within=0.001)

    async def post(self) -> None:
        await self.hookd.posting.post_all()

    async def requests(self) -> list[DeploymentRequest]:
        """All that were ever published, as a cluster sees them."""
        async with self.others.subscribe(Topic.REQUESTS, secrets.token_hex(4)) as subscription:
            found: list[DeploymentRequest] = []
            while await subscription.lag():
                for received in await subscription.fetch(100, timeout=1):
                    letter = self.others.open(received)
                    assert isinstance(letter, DeploymentRequest)
                    found.append(letter)
            return found

    async def report(self, number: int, *states: ReportedState, detail: str = "", cluster: str = CLUSTER) -> None:
        """What a deployd says of a deployment, whether it is there or not."""
        await self.others.send_statuses(
            [
                DeploymentStatus(
                    delivery(number),
                    RepositoryName("navikt", "web"),
                    number,
                    state,
                    f"it is {state.value}",
                    "aura",
                    cluster,
                    self.now().replace(microsecond=0),
                    detail,
                )
                for state in states
            ]
        )

    async def settle(self) -> None:
        """GitHub and the queue answer again, time passes, and a new hookd does what is left to do."""
        self.github.next.clear()
        self.start()
        for _ in range(12):
            self.now.pass_(400)
            await self.publish()
            await self.read()
            await self.post()

    async def known(self, number: int) -> Tracked:
        found = await self.store.get(delivery(number))
        assert found is not None
        return found

    def told_github(self, number: int) -> list[State]:
        return [one.state for one in self.github.posts[number]]

    async def check(self) -> None:
        """What has to hold when everything has settled."""
        for tracked in await self.store.find(limit=1000):
            log = [entry.state for entry in tracked.story.statuses]
            told = self.told_github(tracked.deployment_id)
            outcome = tracked.story.outcome
            assert outcome is not None, log
            assert [state for state in told if state in FINAL] == [state for state in log if state in FINAL]
            assert told[-1] is log[-1], (told, log)
            assert told == [state for state in log if state in told], (told, log)
            assert set(told) <= TOLD
