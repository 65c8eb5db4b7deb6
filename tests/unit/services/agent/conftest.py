"""An agent over a folder and a cluster in memory; nothing of it is replaced but the clock and what is outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.engine import StillWaiter, World, config_map, memory_world

from fairway.adapters.git.folder import FolderSource
from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.spool.memory import MemorySpool
from fairway.domain.notifications.event import Happening
from fairway.domain.repository.models import Environment
from fairway.domain.suspensions.suspension import Suspension
from fairway.domain.values.secrets import SecretRegister
from fairway.services.agent.agent import Agent
from fairway.services.agent.carrying import Carrying, Identity
from fairway.services.agent.checkouts import InPlace
from fairway.services.agent.following import Following, Tree
from fairway.services.agent.keeping import Keeper, Watched
from fairway.services.agent.leading import AlwaysLeads
from fairway.services.agent.passing import PassDone
from fairway.services.agent.rhythm import Rhythm
from fairway.services.agent.troubles import Troubles
from fairway.services.engine.gathering import Gathering
from fairway.services.engine.session import Session
from fairway.services.recording.recorder import Recorder
from fairway.wiring.values import release_values


class ManualClock:
    """Moves only when somebody moves it; who sleeps wakes up when his time has come."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, length: timedelta) -> None:
        import asyncio

        until = self.moment + length
        while self.moment < until:
            await asyncio.sleep(0.005)

    def move(self, **length: float) -> None:
        self.moment += timedelta(**length)


@dataclass
class Connection:
    """One cluster in memory for all environments."""

    session: Session
    secrets: SecretRegister = field(default_factory=SecretRegister)
    requests: int = 0

    async def connect(self, tree: Tree, environment: Environment) -> Connection:
        return self

    @asynccontextmanager
    async def gathering(self, tree: Tree, environment: Environment) -> AsyncIterator[Gathering]:
        values = release_values(environment, register=self.secrets, offline=True)
        no_charts: Any = None
        yield Gathering(environment, no_charts, values, tree.repository.root)


@dataclass
class Bench:
    """The folder, the world, and an agent that looks after all environments."""

    folder: Path
    world: World
    waiter: StillWaiter
    clock: ManualClock = field(default_factory=ManualClock)
    told: list[Happening] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    passes: list[PassDone] = field(default_factory=list)
    suspended: list[Suspension] = field(default_factory=list)
    leads: bool = True
    agent: Agent = field(init=False)
    troubles: Troubles = field(init=False)

    def __post_init__(self) -> None:
        self.troubles = Troubles(self.clock.now, self.told.append)
        source = FolderSource(self.folder)
        self.spool = MemorySpool()
        recorder = Recorder(
            self.spool,
            _memory_ledger,
            now=self.clock.now,
            random=lambda bits: 7,
            warn=lambda text: None,
            spare=MemorySpool(),
        )
        carrying = Carrying(Connection(self.world.session), recorder, Identity("agent", "here", "shop", "shop//e"))

        def follow(agent: Agent) -> Following:
            return Following(
                source,
                InPlace(source),
                "environments.yaml",
                on_tree=agent.read,
                troubles=self.troubles,
                tell=self.told.append,
                now=self.clock.now,
            )

        async def suspensions(environment: str) -> tuple[Suspension, ...]:
            return tuple(self.suspended)

        def keeper(name: str) -> Keeper:
            return Keeper(
                name,
                carrying,
                clock=self.clock,
                rhythm=Rhythm(jitter=0),
                watched=Watched(
                    leads=lambda: (self.leads, "another"),
                    untrusted=lambda: self.agent.following.untrusted,
                    suspended=suspensions,
                ),
                troubles=self.troubles,
                reporting=lambda tree, environment, lane: self.events.append,
                on_pass=self.passes.append,
                chance=lambda: 0.0,
            )

        self.agent = Agent(
            follow,
            keeper,
            looks_after=lambda repository: [one for one in repository.environments if one.name != "other"],
            leadership=AlwaysLeads(),
            clock=self.clock,
            rhythm=Rhythm(jitter=0),
        )

    @property
    def keeper(self) -> Keeper:
        return self.agent.keepers["prod"]

    def write(self, /, _needs: dict[str, list[str]] | None = None, **releases: str) -> None:
        """Releases of one ConfigMap each, with this text; `needs` by name."""
        needs = _needs or {}
        entries = []
        for name, text in releases.items():
            path = self.folder / "objects" / f"{name}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(yaml.safe_dump(config_map(name, text=text)))
            entries.append({"name": name, "resourceFiles": [f"objects/{name}.yaml"], "needs": needs.get(name, [])})
        (self.folder / "releases.yaml").write_text(yaml.safe_dump({"releases": entries}))
        environment = {"clusterName": "c", "kubeNamespace": "default"}
        document = {
            "clusters": [{"name": "c", "provider": {"devcluster": {}}}],
            "environments": [
                {"name": "prod", "releasesFiles": ["releases.yaml"], **environment},
                {"name": "other", "releasesFiles": [], **environment},
            ],
        }
        (self.folder / "environments.yaml").write_text(yaml.safe_dump(document))

    async def look(self) -> Keeper:
        """One look of the agent, to its end."""
        await self.agent.once()
        return self.keeper

    async def text(self, name: str) -> str | None:
        """What is in the cluster."""
        found = await self.world.data(name)
        return None if found is None else found["text"]


async def _memory_ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    waiter = StillWaiter()
    return Bench(tmp_path, memory_world(waiter=waiter), waiter)


@pytest.fixture
def bench_with(tmp_path: Path) -> Callable[..., Bench]:
    """With another cluster or waiter."""

    def make(**more: Any) -> Bench:
        waiter = more.get("waiter") or StillWaiter()
        return Bench(tmp_path, memory_world(**{**more, "waiter": waiter}), waiter)

    return make
