"""Keeps one environment as Git declares it: decides, carries out, looks again. Level-triggered.

What wakes it says only that there is something to look at; what is done follows from what is known. The rule not to
break: a lost wake costs time and nothing else, and one release that fails blocks no other.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from fairway.domain.agent.backing_off import Failing, after_failure
from fairway.domain.agent.deciding import AgentAction, AgentState, Decision, Seen, decide
from fairway.domain.agent.freezing import Frozen
from fairway.domain.agent.touching import Touched
from fairway.domain.errors import FairwayError, Transient, UserError
from fairway.domain.progress import Event, Outcome, ReleaseFinished, ReleaseStarted, Reporter, silent
from fairway.domain.repository.models import Environment, Release
from fairway.domain.suspensions.suspension import Suspension, in_words, suspended
from fairway.services.agent.carrying import Carrying, Pass
from fairway.services.agent.following import Tree
from fairway.services.agent.ports import Clock
from fairway.services.agent.troubles import Troubles
from fairway.services.agent.waking import Wake
from fairway.services.engine.carrying import Result
from fairway.services.engine.retrying import passes
from fairway.services.engine.run_result import RunResult
from fairway.services.suspending.ports import Suspended, none_suspended

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often is looked, whatever happens. `jitter` is a share of each."""

    every: timedelta = timedelta(minutes=1)
    resync: timedelta = timedelta(minutes=10)
    jitter: float = 0.1

    def jittered(self, length: timedelta, chance: float) -> timedelta:
        """`chance` from 0 to 1."""
        return length * (1 + self.jitter * (2 * chance - 1))


@dataclass(frozen=True, slots=True)
class Watched:
    """What a keeper asks others, at once and without waiting."""

    leads: Callable[[], tuple[bool, str]] = lambda: (True, "")
    """Whether this process acts, and who else does."""
    untrusted: Callable[[], str] = str
    """Why the newest commit may not be applied."""
    frozen: Callable[[str, datetime], Frozen | None] = lambda environment, now: None
    suspended: Suspended = none_suspended
    """This one is asked before each pass, and may have to ask the cluster."""


@dataclass(frozen=True, slots=True)
class PassDone:
    """A pass that ended, for whoever wants to act on it. `cut` when it was cancelled."""

    what: Pass
    result: RunResult
    cut: bool
    touched_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The commits that touched a release since it was last as declared, as far as they were seen."""
    seconds: float = 0.0
    error: FairwayError | None = None


OnPass = Callable[[PassDone], None]
Reporting = Callable[[Tree, Environment, int], Reporter]
"""Who is told of a pass. Passes under way at the same time have different numbers, from 0."""


class Running:
    """A pass that is under way. It runs beside others of the same environment that are for other releases."""

    def __init__(self, what: Pass, lane: int) -> None:
        self.what = what
        self.lane = lane
        self.task: asyncio.Task[RunResult] | None = None
        self.begun: set[str] = set()
        self.finished: set[str] = set()
        self.result = RunResult(what.environment.name)
        self._cut = False

    @property
    def busy(self) -> set[str]:
        """The releases that it has yet to end."""
        names = self.what.names
        mine = {r.name for r in self.what.environment.releases} - self.what.paused if names is None else names
        return {*mine, *self.what.leaving} - self.finished

    @property
    def stuck(self) -> set[str]:
        return self.begun - self.finished

    def began(self, result: RunResult) -> None:
        self.result = result

    def start(self, work: Coroutine[Any, Any, RunResult]) -> asyncio.Task[RunResult]:
        self.task = asyncio.create_task(work)
        if self._cut:
            self.task.cancel()
        return self.task

    def cut(self) -> None:
        """End it, also when it has not begun yet."""
        self._cut = True
        if self.task is not None:
            self.task.cancel()


class Keeper:
    """One environment. `run` until cancelled; the other methods return at once and may be called at any time."""

    def __init__(
        self,
        name: str,
        carrying: Carrying,
        *,
        clock: Clock,
        rhythm: Rhythm = Rhythm(),
        watched: Watched = Watched(),
        troubles: Troubles,
        reporting: Reporting = lambda tree, environment, lane: silent,
        on_pass: OnPass = lambda done: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self._carrying = carrying
        self._clock = clock
        self._rhythm = rhythm
        self._watched = watched
        self._troubles = troubles
        self._reporting = reporting
        self._on_pass = on_pass
        self._chance = chance
        self._wake = Wake()
        self._tree: Tree | None = None
        self._everything = True
        self._owed: set[str] = set()
        self._gone: set[str] = set()
        self._drifted: set[str] = set()
        self._failing: dict[str, Failing] = {}
        self._away: Failing | None = None
        self._refused = ""
        self._told_refusal = ""
        self._resync: datetime | None = None
        self._suspensions: tuple[Suspension, ...] = ()
        self._running: list[Running] = []
        self._passes: set[asyncio.Task[None]] = set()
        self._told_bad: dict[str, tuple[str, ...]] = {}
        self._touched_by: dict[str, set[str]] = {}
        self.decision = Decision(AgentState.STARTING)
        self.applied = ""
        """The newest commit that is carried out as far as it goes."""
        self.applied_subject = ""
        self.applied_at: datetime | None = None

    # What others say.

    def moved(self, tree: Tree, touched: Touched) -> None:
        """There is a new commit, and this is what it touches here."""
        self._tree = tree
        names = touched.releases
        self._everything = self._everything or names is None
        self._owed |= names or set()
        self._gone |= touched.gone
        self._forget_undeclared(tree)
        self._refused = ""
        if names is None:
            self._failing.clear()
        for name in touched.certain | (names or frozenset()):
            self._failing.pop(name, None)
            self._told_bad.pop(name, None)
            self._touched_by.setdefault(name, set()).add(tree.head.commit)
        for running in self._running:
            if stuck := touched.certain & running.stuck:
                # What it waits for was declared anew: the old one may never come.
                log.info("agent.abandoned", extra={"environment": self.name, "releases": sorted(stuck)})
                running.cut()
        self._reached_if_done()
        self._wake("commit")

    def lead(self) -> None:
        """This process acts from now on: what another one did meanwhile is looked at."""
        self._everything = True
        self._wake("leadership")

    def drifted(self, releases: Iterable[str]) -> None:
        """Objects of these releases were changed in the cluster; empty: of some."""
        names = set(releases)
        self._drifted |= names
        self._everything = self._everything or not names
        self._wake("drift")

    def wake(self, reason: str = "") -> None:
        self._wake(reason)

    def stop_acting(self) -> None:
        """Another one leads now: what is under way is cut short, cleanly."""
        for running in self._running:
            running.cut()
        self._wake("leadership")

    @property
    def failing(self) -> Mapping[str, Failing]:
        return dict(self._failing)

    @property
    def tree(self) -> Tree | None:
        return self._tree

    # What it does.

    async def run(self) -> None:
        """Until cancelled; what is under way is then cut short, cleanly."""
        try:
            while True:
                if not await self.step():
                    limit = self._clock.now() + self._rhythm.jittered(self._rhythm.every, self._chance())
                    await self._wake.rest(self._clock, min(self.decision.again or limit, limit))
        finally:
            await self._end()

    async def once(self) -> None:
        """All that there is to do now, to its end."""
        try:
            while await self.step() or self._passes:
                if self._passes:
                    await asyncio.wait(self._passes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._end()

    async def step(self) -> bool:
        """Decide once, and begin what there is to do; whether there was something."""
        if self._suspensions:
            await self._ask_suspensions()
        if self._decide().action is AgentAction.APPLY and await self._may_act():
            return self._begin(self.decision)
        return False

    async def _end(self) -> None:
        for running in self._running:
            running.cut()
        if self._passes:
            await asyncio.wait(self._passes)

    def _decide(self) -> Decision:
        now = self._clock.now()
        if self._resync is not None and self._resync <= now:
            self._everything, self._refused, self._resync = True, "", None
        leads, holder = self._watched.leads()
        whole = suspended(self._suspensions, self.name, "", now)
        before = self.decision.state
        self.decision = decide(
            Seen(
                now=now,
                head=self._tree.head.commit if self._tree else "",
                leads=leads,
                holder=holder,
                untrusted=self._watched.untrusted(),
                suspended=in_words(whole) if whole else "",
                frozen=self._watched.frozen(self.name, now),
                away=self._away,
                refused=self._refused,
                everything=self._everything,
                owed=frozenset(self._owed | self._gone),
                drifted=frozenset(self._drifted),
                failing=self._failing,
                paused=self._paused(now),
                resync=self._resync,
                busy=self._busy(),
            )
        )
        if self.decision.state is not before:
            extra = {"environment": self.name, "state": self.decision.state.value, "why": self.decision.reason}
            log.info("agent.state", extra=extra)
        return self.decision

    def _forget_undeclared(self, tree: Tree) -> None:
        environment = tree.environment(self.name)
        declared = {release.name for release in environment.releases} if environment is not None else set()
        self._gone -= declared
        self._owed &= declared
        self._drifted &= declared
        self._failing = {name: one for name, one in self._failing.items() if name in declared}

    def _busy(self) -> frozenset[str]:
        return frozenset(name for running in self._running for name in running.busy)

    def _paused(self, now: datetime) -> frozenset[str]:
        named = {one.release for one in self._suspensions if one.release}
        return frozenset(n for n in named if suspended(self._suspensions, self.name, n, now))

    async def _may_act(self) -> bool:
        """Asked only when there is something to do, so that a quiet environment costs no request."""
        if not self._suspensions:
            await self._ask_suspensions()
        return self._decide().action is AgentAction.APPLY

    async def _ask_suspensions(self) -> None:
        try:
            self._suspensions = await self._watched.suspended(self.name)
        except FairwayError as error:
            self._is_away(error)

    def is_paused(self, release: str) -> bool:
        """Whether a release is suspended, as far as is known."""
        return suspended(self._suspensions, self.name, release, self._clock.now()) is not None

    def _begin(self, decision: Decision) -> bool:
        """Begin a pass; False when there is none to begin yet."""
        tree = self._tree
        environment = tree.environment(self.name) if tree is not None else None
        if tree is None or environment is None:
            return False
        what = self._plan(tree, environment, decision)
        if what.names is not None and not what.names | what.leaving:
            return False
        if what.names is None:
            self._everything, self._owed = False, set()
        self._owed -= what.names or set()
        self._drifted -= what.names if what.names is not None else set(self._drifted)
        self._gone -= what.leaving
        releases = "all" if what.names is None else sorted(what.names | what.leaving)
        extra = {"environment": self.name, "commit": tree.head.commit[:12], "releases": releases}
        log.info("agent.pass", extra=extra)
        taken = {one.lane for one in self._running}
        running = Running(what, next(lane for lane in count() if lane not in taken))
        self._running.append(running)
        task = asyncio.create_task(self._pass(running), name=f"pass {self.name}")
        self._passes.add(task)
        task.add_done_callback(self._passes.discard)
        return True

    def _plan(self, tree: Tree, environment: Environment, decision: Decision) -> Pass:
        """With each release go those that it needs: it may start only when they are healthy."""
        paused = self._paused(self._clock.now())
        declared = {release.name: release for release in environment.releases}
        busy = self._busy()
        leaving = frozenset(self._gone - declared.keys() - busy - paused)
        names = decision.releases
        if names is not None:
            closures = (_with_needs({name}, declared) for name in names if name in declared)
            names = frozenset(one for found in closures if not found & busy for one in found) - paused
        return Pass(
            tree,
            environment,
            names,
            leaving,
            paused,
            fresh=names is None,
            reason=decision.state.value.lower(),
            suspensions=self._suspensions,
        )

    async def _pass(self, running: Running) -> None:
        """Never cancelled itself: whoever wants it to end, cuts it, and its records are in order then."""
        what = running.what
        began = self._clock.now()
        with what.tree.checkout.held():
            listen = self._listener(running)
            task = running.start(self._carrying.carry_out(what, listen, running.began))
            await asyncio.wait({task})
        self._running.remove(running)
        cut = task.cancelled()
        failure = None if cut else task.exception()
        if failure is not None and not isinstance(failure, FairwayError):
            log.error("agent.bug", extra={"environment": self.name}, exc_info=failure)
            failure = Transient(f"a mistake in Fairway itself: {type(failure).__name__}")
        result = running.result if cut or failure is not None else task.result()
        touched_by = {name: frozenset(found) for name, found in self._touched_by.items()}
        self._settle(what, result, failure, cut)
        self._reached_if_done()
        self._wake("a pass ended")
        seconds = (self._clock.now() - began).total_seconds()
        self._on_pass(PassDone(what, result, cut, touched_by, seconds, failure))

    def _listener(self, running: Running) -> Reporter:
        report = self._reporting(running.what.tree, running.what.environment, running.lane)

        def listen(event: Event) -> None:
            if isinstance(event, ReleaseStarted):
                running.begun.add(event.release)
            elif isinstance(event, ReleaseFinished):
                running.finished.add(event.release)
                if not self._is_news(event):
                    return
            report(event)

        return listen

    def _is_news(self, event: ReleaseFinished) -> bool:
        """Log how a release ended. The same failure again is no news."""
        extra = {"environment": self.name, "release": event.release, "outcome": event.outcome.value}
        if event.outcome is Outcome.INTERRUPTED or not event.outcome.is_bad:
            self._told_bad.pop(event.release, None)
            if event.outcome is not Outcome.UNCHANGED:
                log.info("agent.applied", extra={**extra, "revision": event.revision})
            return True
        if self._told_bad.get(event.release) == event.reasons:
            return False
        self._told_bad[event.release] = event.reasons
        log.warning("agent.failed", extra={**extra, "why": "; ".join(event.reasons[:2])})
        return True

    # What follows from a pass.

    def _settle(self, what: Pass, result: RunResult, error: FairwayError | None, cut: bool) -> None:
        declared = {release.name for release in what.environment.releases}
        now = self._clock.now()
        for name, one in result.results.items():
            if one.outcome is Outcome.SUSPENDED:
                self._owed |= {name} & declared
            elif not one.outcome.is_bad:
                self._failing.pop(name, None)
                self._touched_by.pop(name, None)
            elif one.outcome is Outcome.INTERRUPTED:
                self._owed |= {name} & declared
            elif name not in self._owed:  # else a commit touched it meanwhile, and it is tried anew at once
                self._failing[name] = after_failure(self._failing.get(name), now, self._chance(), why=_why(one))
        if cut or error is not None:
            self._everything = self._everything or what.names is None
            self._owed |= (what.names or frozenset()) - result.results.keys()
            self._gone |= what.leaving - result.results.keys()
        if error is None:
            self._away = None
            if what.names is None and not cut:
                self._resync = now + self._rhythm.jittered(self._rhythm.resync, self._chance())
            if not cut and not any(passes(one.error) for one in result.results.values()):
                self._troubles.well(_cluster(what.environment), environment=self.name)
        elif isinstance(error, UserError):
            self._is_refused(error)
        else:
            self._is_away(error)

    def _is_away(self, error: FairwayError) -> None:
        """The cluster did not answer; asked again after a while that doubles up to five minutes."""
        first, longest = timedelta(seconds=5), timedelta(minutes=5)
        why = str(error)
        self._away = after_failure(self._away, self._clock.now(), self._chance(), why=why, first=first, longest=longest)
        environment = self._tree.environment(self.name) if self._tree else None
        what = _cluster(environment) if environment else f"cluster of {self.name}"
        self._troubles.failed(what, why, environment=self.name, fix=error.fix)

    def _is_refused(self, error: UserError) -> None:
        self._refused = f"{error}; {error.fix}" if error.fix else str(error)
        if self._resync is None:
            self._resync = self._clock.now() + self._rhythm.jittered(self._rhythm.resync, self._chance())
        if self._refused != self._told_refusal:
            self._told_refusal = self._refused
            log.warning("agent.refused", extra={"environment": self.name, "why": self._refused})
            self._troubles.refused(self.name, error)

    def _reached_if_done(self) -> None:
        """Nothing is owed any more: the newest commit is carried out, but for what fails."""
        done = not (self._everything or self._owed or self._gone or self._refused or self._running)
        if done and self._tree is not None and self.applied != self._tree.head.commit:
            self.applied = self._tree.head.commit
            self.applied_subject = self._tree.head.subject
            self.applied_at = self._clock.now()


def _with_needs(names: Iterable[str], declared: Mapping[str, Release]) -> frozenset[str]:
    found: set[str] = set()
    edge = list(names)
    while edge:
        name = edge.pop()
        if name in declared and name not in found:
            found.add(name)
            edge += [need.release for need in declared[name].needs]
    return frozenset(found)


def _cluster(environment: Environment) -> str:
    return f"cluster {environment.cluster.name}"


def _why(result: Result) -> str:
    return result.reasons[0] if result.reasons else result.outcome.value
