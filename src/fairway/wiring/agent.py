"""The agent put together: source, environments, clusters, ledger, leadership.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment
from fairway.wiring.clock import SystemClock

if TYPE_CHECKING:
    from fairway.domain.agent.freezing import Frozen
    from fairway.domain.progress import Reporter
    from fairway.domain.repository.models import Environment
    from fairway.domain.suspensions.suspension import Suspension
    from fairway.services.agent.agent import Agent
    from fairway.services.agent.carrying import Identity
    from fairway.services.agent.checkouts import Checkouts
    from fairway.services.agent.following import Tree
    from fairway.services.agent.keeping import Keeper, PassDone
    from fairway.services.agent.ports import Leadership, Source
    from fairway.services.agent.troubles import Troubles
    from fairway.services.configuring import Configured
    from fairway.services.notifying.ports import Tell
    from fairway.services.recording.recorder import Recorder
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


@dataclass(frozen=True, slots=True)
class Followed:
    """Where the deployments repository comes from."""

    source: Source
    checkouts: Checkouts
    environments_file: str
    """Relative to the repository's top folder."""
    identity: Identity
    url: str = ""
    """Empty for a folder."""


@dataclass(slots=True)
class AgentParts:
    """An agent, and what others need of it."""

    agent: Agent
    followed: Followed
    troubles: Troubles
    recorder: Recorder
    watches: ClusterWatches | None = None
    """Notices drift between the looks; None when it is not wanted."""
    rhythm_listeners: list[Callable[[Tree], None]] = field(default_factory=list)
    pass_listeners: list[Callable[[Keeper, PassDone], None]] = field(default_factory=list)


async def followed(
    settings: Settings, configured: Configured, options: AgentOptions, stack_own: Callable[[Path], Path]
) -> Followed:
    """The remote of fairway.yaml, else origin of the folder, else the folder itself. Raises UserError."""
    from fairway.adapters.git.facts import read_git_facts
    from fairway.services.agent.carrying import Identity
    from fairway.services.agent.checkouts import Copies, InPlace

    file = options.environments_file.absolute()
    git = configured.configuration.git
    facts = await read_git_facts(file.parent)
    url = git.url or facts.remote
    if not url:
        from fairway.adapters.git.folder import FolderSource

        folder = FolderSource(file.parent)
        identity = Identity(settings.user, settings.host, str(file.parent), str(file))
        return Followed(folder, InPlace(folder), file.name, identity)
    from fairway.adapters.git.remote import parse_remote
    from fairway.adapters.git.source import GitSource
    from fairway.domain.repository.remotes import canonical_remote

    env = process_environment()
    remote = parse_remote(url, git.branch or "", git_login(configured, env))
    inside = _inside(options.environments_file, facts.prefix, has_url=bool(git.url))
    place = hashlib.sha256(f"{remote.url} {remote.branch}".encode()).hexdigest()[:16]
    own = stack_own(settings.data_dir / "agent" / place)
    source = GitSource(remote, own / "clone", env, signers=_signers(configured, env))
    branch = remote.branch or await _branch(source)
    identity = Identity(
        settings.user, settings.host, remote.url, f"{canonical_remote(remote.url)}//{inside}", branch=branch
    )
    return Followed(source, Copies(source, own), inside, identity, remote.url)


async def _branch(source: Source) -> str:
    """The remote's default branch; empty while it does not answer, which the first look says."""
    from fairway.adapters.git.source import GitSource
    from fairway.domain.errors import FairwayError

    assert isinstance(source, GitSource)
    try:
        return await source.branch()
    except FairwayError:
        return ""


def _inside(file: Path, prefix: str, *, has_url: bool) -> str:
    """environments.yaml below the top of the repository: as it lies in the folder's own repository, or as written."""
    if prefix or not has_url or file.exists():
        return f"{prefix}{file.name}"
    return file.name if file.is_absolute() else Path(os.path.normpath(file)).as_posix()


def git_login(configured: Configured, env: Mapping[str, str]):  # type: ignore[no-untyped-def]
    """The login that fairway.yaml names, or None: then git uses what this machine has. Raises UserError."""
    from fairway.adapters.git.login import Login

    given = configured.configuration.git.credentials
    if given is None:
        return None
    hosts = configured.path(given.known_hosts) if given.known_hosts else None
    if given.ssh_key is not None:
        return Login(ssh_key=configured.secret(given.ssh_key, env), known_hosts=hosts)
    source = given.token or given.password
    if source is None:
        return None

    async def password() -> str:
        # Read at each call, so that a token that is renewed in its file counts at once.
        return configured.secret(source, env)

    return Login(given.username or "x-access-token", password, known_hosts=hosts)


def _signers(configured: Configured, env: Mapping[str, str]):  # type: ignore[no-untyped-def]
    from fairway.adapters.git.signatures import Signers

    verify = configured.configuration.git.verify
    if verify is None:
        return None
    signers = configured.path(verify.allowed_signers) if verify.allowed_signers else None
    keys = configured.path(verify.gpg_keys) if verify.gpg_keys else None
    return Signers(env, signers, keys)


@asynccontextmanager
async def open_agent(
    settings: Settings,
    configured: Configured,
    options: AgentOptions,
    *,
    tell: Tell,
    reporter: Callable[[Tree, Environment], Reporter] | None = None,
    leadership: Leadership | None = None,
    suspended: Suspended | None = None,
) -> AsyncIterator[AgentParts]:
    """An agent that can run, for as long as the block lasts. Raises UserError for what is wrong at the start."""
    from contextlib import AsyncExitStack

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url
    from fairway.domain.progress import silent
    from fairway.services.agent.agent import Agent
    from fairway.services.agent.carrying import Carrying
    from fairway.services.agent.following import Following
    from fairway.services.agent.keeping import Keeper, Rhythm, Watched
    from fairway.services.agent.leading import AlwaysLeads
    from fairway.services.agent.troubles import Troubles
    from fairway.services.suspending.ports import none_suspended, together
    from fairway.wiring.agent_connections import AgentConnections
    from fairway.wiring.ledger import recorder

    section = configured.configuration.agent
    clock = SystemClock()
    rhythm = Rhythm(section.every, section.resync, section.jitter)
    leader = leadership or AlwaysLeads(f"{settings.user} on {settings.host}")
    windows = read_windows(configured)
    troubles = Troubles(clock.now, tell)

    def warn(text: str) -> None:
        log.warning("ledger.warning", extra={"text": text})

    async with AsyncExitStack() as stack:

        def own(base: Path) -> Path:
            handle, folder = own_folder(base)
            stack.callback(os.close, handle)
            return folder

        source = await followed(settings, configured, options, own)
        connections = await stack.enter_async_context(
            AgentConnections(settings, user=settings.user, engine=options.engine, successor=leadership is not None)
        )
        opened = await stack.enter_async_context(recorder(settings, warn))
        findable = read_ledger_url(settings.ledger_url).kind is not LedgerKind.NONE
        carrying = Carrying(connections, opened, source.identity, findable=findable)
        parts: list[AgentParts] = []

        def follow(agent: Agent) -> Following:
            return Following(
                source.source,
                source.checkouts,
                source.environments_file,
                on_tree=agent.read,
                troubles=troubles,
                tell=tell,
                now=clock.now,
            )

        def frozen_now(environment: str, now: datetime) -> Frozen | None:
            from fairway.domain.agent.freezing import frozen

            return frozen(windows, environment, now)

        def keeper(name: str) -> Keeper:
            def report(event) -> None:  # type: ignore[no-untyped-def]
                tree = made.tree
                environment = tree.environment(name) if tree is not None else None
                if reporter is not None and tree is not None and environment is not None:
                    reporter(tree, environment)(event)

            def passed(done: PassDone) -> None:
                for listener in parts[0].pass_listeners:
                    listener(made, done)

            made = Keeper(
                name,
                carrying,
                clock=clock,
                rhythm=rhythm,
                watched=Watched(
                    leads=lambda: (leader.leads, leader.holder),
                    untrusted=lambda: agent.following.untrusted,
                    frozen=frozen_now,
                    suspended=together(
                        declared_suspensions(section.suspended),
                        _stored_suspensions(lambda: made.tree, connections),
                        suspended or none_suspended,
                    ),
                ),
                troubles=troubles,
                report=report if reporter is not None else silent,
                on_pass=passed,
            )
            return made

        def read(tree: Tree) -> None:
            for listener in parts[0].rhythm_listeners:
                listener(tree)

        agent = Agent(
            follow,
            keeper,
            looks_after=chosen_by(options.environments or tuple(section.environments or ("*",))),
            leadership=leader,
            clock=clock,
            rhythm=rhythm,
            on_tree=read,
        )
        parts.append(AgentParts(agent, source, troubles, opened))
        if section.watch and not options.once:
            parts[0].watches = _watch_drift(parts[0], connections, tell)
        yield parts[0]


def _stored_suspensions(tree: Callable[[], Tree | None], connections: AgentConnections) -> Suspended:
    """What people suspended in the environment's own cluster."""
    from fairway.adapters.kube.suspensions import KubeSuspensions

    async def stored(name: str) -> tuple[Suspension, ...]:
        known = tree()
        environment = known.environment(name) if known is not None else None
        if known is None or environment is None:
            return ()
        kube = await connections.kube(known, environment)
        return await KubeSuspensions(kube, environment.namespace).list(name)

    return stored


def _watch_drift(parts: AgentParts, connections: AgentConnections, tell: Tell) -> ClusterWatches:
    """After each pass what it left in the cluster is watched; `run` it beside the agent."""
    from fairway.wiring.watching import WatchedCluster, cluster_watches

    watches = cluster_watches(lambda environment, name: parts.agent.drifted(environment, frozenset({name})), tell)

    def passed(keeper: Keeper, done: PassDone) -> None:
        what = done.what

        async def connect() -> WatchedCluster:
            connected = await connections.connect(what.tree, what.environment)
            return WatchedCluster(connected.kube, connected.session.store)

        watches.after(what.environment, connect, what.names | what.leaving if what.names is not None else None)

    parts.pass_listeners.append(passed)
    return watches


def chosen_by(globs: Sequence[str]) -> Callable[[Environment], bool]:
    return lambda environment: any(fnmatchcase(environment.name, glob) for glob in globs)


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


def read_windows(configured: Configured):  # type: ignore[no-untyped-def]
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


def own_folder(base: Path) -> tuple[int, Path]:
    """A folder that no other agent on this machine uses, and the open file that keeps it so: base-0, base-1, …"""
    number = 0
    while True:
        folder = base.with_name(f"{base.name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            number += 1
            continue
        return handle, folder
