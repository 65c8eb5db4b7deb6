"""One pass of the agent over one environment: connected once, carried out by the engine, recorded in the ledger.

The rule not to break: whatever a pass asks the cluster is about the releases that it is for, and nothing else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from fairway.domain.deployments.record import Cause, Door
from fairway.domain.errors import masked_errors
from fairway.domain.progress import Reporter
from fairway.domain.repository.models import Environment
from fairway.domain.suspensions.suspension import Suspension
from fairway.domain.values.secrets import SecretRegister
from fairway.services.agent.following import Tree
from fairway.services.engine.planning import PlanOptions
from fairway.services.engine.recording import LedgerLog
from fairway.services.engine.run_options import RunOptions
from fairway.services.engine.run_result import RunResult
from fairway.services.engine.running import EnvironmentRun, Gather
from fairway.services.engine.session import Session
from fairway.services.recording.recorder import Recorder

log = logging.getLogger(__name__)


class Connected(Protocol):
    """One environment's cluster, connected for as long as its agent looks after it."""

    @property
    def session(self) -> Session: ...

    @property
    def secrets(self) -> SecretRegister: ...

    @property
    def requests(self) -> int:
        """Requests that were sent to the cluster so far."""
        ...

    def gathering(self, tree: Tree, environment: Environment) -> AbstractAsyncContextManager[Gather]:
        """The inputs of releases as a commit has them; good for one pass."""
        ...


class Connections(Protocol):
    """Connections to clusters, by environment. Errors: UserError (no way there), Transient."""

    async def connect(self, tree: Tree, environment: Environment) -> Connected:
        """The connection that is there, or a new one when the way to the cluster changed."""
        ...


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass is for. `names` None: all releases. `leaving`: names that are perhaps no longer declared."""

    tree: Tree
    environment: Environment
    names: frozenset[str] | None
    leaving: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()
    fresh: bool = False
    """Ask anew which kinds the cluster serves."""
    reason: str = ""
    suspensions: tuple[Suspension, ...] = ()
    """What is suspended, asked just before."""

    @property
    def is_empty(self) -> bool:
        return self.names is not None and not self.names | self.leaving


@dataclass(frozen=True, slots=True)
class Identity:
    """How the agent is known in the ledger, and which repository it applies (`notes.SOURCE`)."""

    user: str
    host: str
    repository: str
    source: str
    branch: str = ""


class Carrying:
    """Carries out passes."""

    def __init__(
        self,
        connections: Connections,
        recorder: Recorder,
        identity: Identity,
        *,
        concurrency: int = 16,
        findable: bool = True,
    ) -> None:
        self._connections = connections
        self._recorder = recorder
        self._identity = identity
        self._concurrency = concurrency
        self._findable = findable

    async def carry_out(self, what: Pass, report: Reporter, begun: Callable[[RunResult], None]) -> RunResult:
        """Apply. `begun` gets the result that grows, so that it is known also of a pass that is cancelled.

        Raises what concerns the whole environment: Transient (the cluster does not answer), Refused (blast radius),
        UserError.
        """
        environment, head = what.environment, what.tree.head
        connected = await self._connections.connect(what.tree, environment)
        if what.fresh:
            await connected.session.kube.discover(fresh=True)
        chosen = what.names
        if chosen is None and what.paused:
            chosen = frozenset(r.name for r in environment.releases) - what.paused
        if chosen is not None and not chosen | what.leaving:
            return RunResult(environment.name)
        who = self._identity
        cause = Cause(
            # Whose commit it is says more than which account the agent runs under.
            user=head.author or who.user,
            host=who.host,
            commit=head.commit,
            branch=who.branch,
            subject=head.subject,
            repository=who.repository,
            reason=what.reason,
        )
        run = self._recorder.begin(Door.AGENT, "apply", cause)
        ledger = LedgerLog(
            self._recorder,
            run,
            environment=environment.name,
            cluster=environment.cluster.name,
            secrets=connected.secrets,
            findable=self._findable,
        )
        options = RunOptions(
            plan=PlanOptions(source=who.source),
            only=(chosen | what.leaving) if chosen is not None else frozenset(),
            prune=what.names is None or bool(what.leaving),
            narrow=what.names is not None,
            concurrency=self._concurrency,
            commit=head.commit,
            subject=head.subject,
        )
        before, started = connected.requests, time.monotonic()
        try:
            with masked_errors(connected.secrets.mask):
                return await self._run(connected, what, options, report, ledger, begun)
        finally:
            extra = {"environment": environment.name, "requests": connected.requests - before}
            log.info("agent.pass_ended", extra={**extra, "seconds": round(time.monotonic() - started, 3)})

    async def _run(
        self,
        connected: Connected,
        what: Pass,
        options: RunOptions,
        report: Reporter,
        ledger: LedgerLog,
        begun: Callable[[RunResult], None],
    ) -> RunResult:
        async def suspended(environment: str) -> tuple[Suspension, ...]:
            return what.suspensions

        session = replace(connected.session, suspended=suspended)
        async with connected.gathering(what.tree, what.environment) as gather:
            work = EnvironmentRun(session, what.environment, gather, options=options, report=report, log=ledger)
            begun(work.result)
            return await work.apply()
