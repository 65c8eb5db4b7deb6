"""The agent put together: source, environments, clusters, ledger.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.settings import Settings
from fairway.wiring.agent_sources import Followed, in_pod, open_followed
from fairway.wiring.clock import SystemClock

if TYPE_CHECKING:
    from fairway.domain.agent.freezing import Frozen, Window
    from fairway.domain.repository.models import Environment, Repository
    from fairway.domain.suspensions.suspension import Suspension
    from fairway.services.agent.agent import Agent, LooksAfter
    from fairway.services.agent.following import Following
    from fairway.services.agent.keeping import Keeper
    from fairway.services.agent.passing import PassDone, Reporting
    from fairway.services.agent.ports import Leadership
    from fairway.services.agent.troubles import Troubles
    from fairway.services.configuring import Configured
    from fairway.services.notifying.ports import Tell
    from fairway.services.suspending.ports import Suspended
    from fairway.services.watching.clusters import ClusterWatches
    from fairway.wiring.agent_connections import AgentConnections

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What the command line asks for. `environments` are globs; empty: what fairway.yaml says, else all."""

    environments: tuple[str, ...] = ()
    environments_file: Path = Path("environments.yaml")
    configuration: Path | None = None
    engine: str = "sdk"
    once: bool = False

    def globs(self, configured: Configured) -> tuple[str, ...]:
        return self.environments or tuple(configured.configuration.agent.environments or ("*",))


@dataclass(slots=True)
class AgentParts:
    """An agent, and what others need of it. Who wants to hear of passes adds himself to `on_pass`."""

    agent: Agent
    followed: Followed
    troubles: Troubles
    connections: AgentConnections
    clock: SystemClock
    looks_after: LooksAfter
    watches: ClusterWatches | None = None
    """Notices drift between the looks, while it runs; None when it is not wanted."""
    on_pass: list[Callable[[Keeper, PassDone], None]] = field(default_factory=list)


@asynccontextmanager
async def open_agent(
    settings: Settings,
    configured: Configured,
    options: AgentOptions,
    *,
    tell: Tell,
    leadership: Leadership,
    successor_of: str = "",
    reporting: Reporting | None = None,
    on_fetched: Callable[[bool, float], None] = lambda ok, seconds: None,
) -> AsyncIterator[AgentParts]:
    """An agent that can run, for as long as the block lasts. `successor_of` names the lease by which agents follow
    each other. Raises UserError for what is wrong at the start."""
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url
    from fairway.domain.progress import silent
    from fairway.services.agent.agent import Agent
    from fairway.services.agent.carrying import Carrying, Identity
    from fairway.services.agent.following import Following
    from fairway.services.agent.keeping import Keeper, Watched
    from fairway.services.agent.rhythm import Rhythm
    from fairway.services.agent.troubles import Troubles
    from fairway.services.suspending.ports import together
    from fairway.wiring.agent_connections import AgentConnections
    from fairway.wiring.ledger import recorder

    section = configured.configuration.agent
    clock = SystemClock()
    rhythm = Rhythm(section.every, section.resync, section.jitter)
    windows = read_windows(configured)
    named = bool(options.environments or section.environments)
    looks_after = chosen_by(options.globs(configured), own_cluster=in_pod() and not named)
    troubles = Troubles(clock.now, tell)

    def warn(text: str) -> None:
        log.warning("ledger.warning", extra={"text": text})

    async with AsyncExitStack() as stack:
        followed = await stack.enter_async_context(open_followed(settings, configured, options.environments_file))
        connections = await stack.enter_async_context(
            AgentConnections(settings, successor_of=successor_of, engine=options.engine)
        )
        opened = await stack.enter_async_context(recorder(settings, warn))
        findable = read_ledger_url(settings.ledger_url).kind is not LedgerKind.NONE
        identity = Identity(settings.user, settings.host, followed.name, followed.id, followed.branch)
        carrying = Carrying(connections, opened, identity, findable=findable)

        def follow(agent: Agent) -> Following:
            return Following(
                followed.source,
                followed.checkouts,
                followed.environments_file,
                on_tree=agent.read,
                troubles=troubles,
                tell=tell,
                now=clock.now,
                on_fetched=on_fetched,
            )

        def frozen_now(environment: str, at: datetime) -> Frozen | None:
            from fairway.domain.agent.freezing import frozen

            return frozen(windows, environment, at)

        def keeper(name: str) -> Keeper:
            async def stored(environment: str) -> tuple[Suspension, ...]:
                return await connections.suspensions(made.tree, environment)

            def passed(done: PassDone) -> None:
                for listener in parts.on_pass:
                    listener(made, done)

            made = Keeper(
                name,
                carrying,
                clock=clock,
                rhythm=rhythm,
                watched=Watched(
                    leads=lambda: (leadership.leads, leadership.holder),
                    untrusted=lambda: agent.following.untrusted,
                    frozen=frozen_now,
                    suspended=together(declared_suspensions(section.suspended), stored),
                ),
                troubles=troubles,
                reporting=reporting or (lambda tree, environment, lane: silent),
                on_pass=passed,
            )
            return made

        agent = Agent(
            follow, keeper, looks_after=looks_after, leadership=leadership, clock=clock, rhythm=rhythm,
            chance=random.random,
        )  # fmt: skip
        parts = AgentParts(agent, followed, troubles, connections, clock, looks_after)
        if section.watch and not options.once:
            parts.watches = _watch_drift(parts, tell)
        yield parts


def _watch_drift(parts: AgentParts, tell: Tell) -> ClusterWatches:
    """After each pass what it left in the cluster is watched; `run` it beside the agent."""
    from fairway.wiring.watching import WatchedCluster, cluster_watches

    def left_alone(environment: str, release: str) -> bool:
        keeper = parts.agent.keepers.get(environment)
        return keeper is None or keeper.is_paused(release)

    def drifted(environment: str, release: str) -> None:
        parts.agent.drifted(environment, frozenset({release}))

    def lost(environment: str) -> None:
        # Looked at as a whole: either it is away, which is told, or what changed meanwhile is put right.
        parts.agent.drifted(environment, frozenset())

    watches = cluster_watches(drifted, tell, left_alone, lost)

    def passed(keeper: Keeper, done: PassDone) -> None:
        what = done.what

        async def connect() -> WatchedCluster:
            connected = await parts.connections.connect(what.tree, what.environment)
            return WatchedCluster(connected.kube, connected.session.store)

        for gone in watches.environments - parts.agent.keepers.keys():
            watches.forget(gone)
        watches.after(what.environment, connect, what.names | what.leaving if what.names is not None else None)

    parts.on_pass.append(passed)
    return watches


def chosen_by(globs: Sequence[str], *, own_cluster: bool = False) -> LooksAfter:
    """Those whose names fit; with `own_cluster`, where a repository has environments `inCluster`, only those."""

    def chosen(repository: Repository) -> list[Environment]:
        found = [e for e in repository.environments if any(fnmatchcase(e.name, glob) for glob in globs)]
        here = [one for one in found if one.cluster.provider.kind == "inCluster"]
        return here if own_cluster and here else found

    return chosen


def declared_suspensions(written: Sequence[str]) -> Suspended:
    """`agent.suspended` of fairway.yaml: `prod`, or `prod/web`."""
    from fairway.domain.suspensions.suspension import Suspension

    declared = tuple(
        Suspension(environment, release, reason="agent.suspended in fairway.yaml")
        for environment, _, release in (one.partition("/") for one in written)
    )

    async def of(environment: str) -> tuple[Suspension, ...]:
        return tuple(one for one in declared if one.environment == environment)

    return of


def read_windows(configured: Configured) -> list[Window]:
    """The freeze windows of fairway.yaml. Raises InvalidInput with every mistake."""
    from fairway.domain.agent.freezing import Window, read_freeze
    from fairway.domain.errors import Diagnostic, InvalidInput

    windows: list[Window] = []
    mistakes: list[Diagnostic] = []
    for number, freeze in enumerate(configured.configuration.agent.freezes):
        read = read_freeze(freeze)
        if isinstance(read, Window):
            windows.append(read)
        else:
            mistakes += [
                Diagnostic(f"agent.freezes[{number}]{f'.{one.key}' if one.key else ''}: {one.message}", fix=one.fix)
                for one in read
            ]
    if mistakes:
        raise InvalidInput(mistakes)
    return windows
