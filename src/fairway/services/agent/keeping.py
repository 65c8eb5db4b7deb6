"""Keeps one environment as Git declares it: decides, carries out, looks again. Level-triggered.

What wakes it says only that there is something to look at; what is done follows from what is known. The rule not to
break: a lost wake costs time and nothing else, and one release that fails or is waited for blocks no other.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from fairway.domain.agent.backing_off import Failing
from fairway.domain.agent.deciding import AgentAction, AgentState, Decision, Seen, decide
from fairway.domain.agent.freezing import Frozen
from fairway.domain.agent.touching import Touched
from fairway.domain.errors import FairwayError, Transient
from fairway.domain.progress import silent
from fairway.domain.suspensions.suspension import Suspension, in_words, suspended
from fairway.services.agent.carrying import Carrying, Pass
from fairway.services.agent.following import Tree
from fairway.services.agent.owing import Owing
from fairway.services.agent.passing import News, OnPass, PassDone, Reporting, Running
from fairway.services.agent.planning import plan_pass
from fairway.services.agent.ports import Clock
from fairway.services.agent.rhythm import Rhythm
from fairway.services.agent.setbacks import Setbacks
from fairway.services.agent.troubles import Troubles
from fairway.services.agent.waking import Wake
from fairway.services.engine.retrying import passes
from fairway.services.engine.run_result import RunResult
from fairway.services.suspending.ports import Suspended, none_suspended

log = logging.getLogger(__name__)


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
        self._reporting = reporting
        self._on_pass = on_pass
        self._chance = chance
        self._wake = Wake()
        self._news = News(name)
        self._owing = Owing()
        self._setbacks = Setbacks(name, troubles, rhythm.resync)
        self._resync: datetime | None = None
        self._suspensions: tuple[Suspension, ...] = ()
        self._running: list[Running] = []
        self._passes: set[asyncio.Task[None]] = set()
        self.tree: Tree | None = None
        """The newest commit that may be applied."""
        self.decision = Decision(AgentState.STARTING)
        self.applied = ""
        """The newest commit that is carried out as far as it goes."""
        self.applied_subject = ""
        self.applied_at: datetime | None = None

    @property
    def failing(self) -> Mapping[str, Failing]:
        return dict(self._owing.failing)

    def is_paused(self, release: str) -> bool:
        """Whether a release is suspended, as far as is known."""
        return suspended(self._suspensions, self.name, release, self._clock.now()) is not None

    # What others say.

    def moved(self, tree: Tree, touched: Touched) -> None:
        """There is a new commit, and this is what it touches here."""
        self.tree = tree
        self._setbacks.refused = None
        for name in self._owing.commit(tree.head.commit, touched, tree.environment(self.name)):
            self._news.forget(name)
        for running in self._running:
            if stuck := touched.certain & running.stuck:
                # What it waits for was declared anew: the old one may never come.
                log.info("agent.abandoned", extra={"environment": self.name, "releases": sorted(stuck)})
                running.cut()
        self._reached_if_done()
        self._wake("commit")

    def lead(self) -> None:
        """This process acts from now on: what another one did meanwhile is looked at."""
        self._owing.everything = True
        self._wake("leadership")

    def stop_acting(self) -> None:
        """Another one leads now: what is under way is cut short, cleanly."""
        for running in self._running:
            running.cut()
        self._wake("leadership")

    def drifted(self, releases: Iterable[str]) -> None:
        """Objects of these releases were changed in the cluster; empty: of some."""
        names = set(releases)
        self._owing.drifted |= names
        self._owing.everything = self._owing.everything or not names
        self._wake("drift")

    def wake(self, reason: str = "") -> None:
        self._wake(reason)

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
        if self._decide().action is not AgentAction.APPLY:
            return False
        if not self._suspensions:
            # Asked only when there is something to do, so that a quiet environment costs no request.
            await self._ask_suspensions()
        return self._decide().action is AgentAction.APPLY and self._begin(self.decision)

    async def _end(self) -> None:
        for running in self._running:
            running.cut()
        if self._passes:
            await asyncio.wait(self._passes)

    async def _ask_suspensions(self) -> None:
        try:
            self._suspensions = await self._watched.suspended(self.name)
        except FairwayError as error:
            self._setbacks.met(error, self.tree, self._clock.now(), self._chance())

    def _decide(self) -> Decision:
        now, owing = self._clock.now(), self._owing
        if self._resync is not None and self._resync <= now:
            owing.everything, self._resync = True, None
        leads, holder = self._watched.leads()
        whole = suspended(self._suspensions, self.name, "", now)
        before = self.decision.state
        self.decision = decide(
            Seen(
                now=now,
                head=self.tree.head.commit if self.tree else "",
                leads=leads,
                holder=holder,
                untrusted=self._watched.untrusted(),
                suspended=in_words(whole) if whole else "",
                frozen=self._watched.frozen(self.name, now),
                away=self._setbacks.away,
                refused=self._setbacks.refused,
                everything=owing.everything,
                owed=frozenset(owing.names | owing.gone),
                drifted=frozenset(owing.drifted),
                failing=owing.failing,
                paused=self._paused(),
                resync=self._resync,
                busy=self._busy(),
            )
        )
        if self.decision.state is not before:
            extra = {"environment": self.name, "state": self.decision.state.value, "why": self.decision.reason}
            log.info("agent.state", extra=extra)
        return self.decision

    def _busy(self) -> frozenset[str]:
        return frozenset(name for running in self._running for name in running.busy)

    def _paused(self) -> frozenset[str]:
        return frozenset(one.release for one in self._suspensions if one.release and self.is_paused(one.release))

    def _begin(self, decision: Decision) -> bool:
        """Begin a pass; False when there is none to begin yet."""
        environment = self.tree.environment(self.name) if self.tree is not None else None
        if self.tree is None or environment is None:
            return False
        suspensions = self._suspensions
        what = plan_pass(self.tree, environment, decision, self._owing.gone, self._busy(), self._paused(), suspensions)
        if what.is_empty:
            return False
        self._owing.take(what)
        releases = "all" if what.names is None else sorted(what.names | what.leaving)
        extra = {"environment": self.name, "commit": what.tree.head.commit[:12], "releases": releases}
        log.info("agent.pass", extra=extra)
        taken = {one.lane for one in self._running}
        running = Running(what, next(lane for lane in count() if lane not in taken))
        self._running.append(running)
        task = asyncio.create_task(self._pass(running), name=f"pass {self.name}")
        self._passes.add(task)
        task.add_done_callback(self._passes.discard)
        return True

    async def _pass(self, running: Running) -> None:
        """Never cancelled itself: whoever wants it to end, cuts it, and its records are in order then."""
        what = running.what
        began = self._clock.now()
        report = self._reporting(what.tree, what.environment, running.lane)
        with what.tree.checkout.held():
            work = self._carrying.carry_out(what, self._news.listener(running, report), running.began)
            task = await running.end(work)
        self._running.remove(running)
        cut = task.cancelled() and running.away is None
        failure = running.away if task.cancelled() else task.exception()
        if failure is not None and not isinstance(failure, FairwayError):
            log.error("agent.bug", extra={"environment": self.name}, exc_info=failure)
            failure = Transient(f"a mistake in Fairway itself: {type(failure).__name__}")
        result = task.result() if failure is None and not cut else running.result
        touched_by = self._owing.touched_by
        self._settle(what, result, failure, cut)
        self._reached_if_done()
        self._wake("a pass ended")
        seconds = (self._clock.now() - began).total_seconds()
        self._on_pass(PassDone(what, result, cut, touched_by, seconds, failure))

    # What follows from a pass.

    def _settle(self, what: Pass, result: RunResult, error: FairwayError | None, cut: bool) -> None:
        now = self._clock.now()
        whole = error is None and not cut
        self._owing.settle(what, result, whole=whole, now=now, jitter=self._chance())
        if error is not None:
            self._setbacks.met(error, what.tree, now, self._chance())
        else:
            transient = any(passes(one.error) for one in result.results.values())
            self._setbacks.answered(what.tree, now, fully=whole and not transient)
        if (whole and what.names is None) or (self._setbacks.refused and self._resync is None):
            self._resync = now + self._rhythm.jittered(self._rhythm.resync, self._chance())

    def _reached_if_done(self) -> None:
        """Nothing is owed any more: the newest commit is carried out, but for what fails."""
        done = self._owing.nothing and not self._setbacks.refused and not self._running
        if done and self.tree is not None and self.applied != self.tree.head.commit:
            self.applied = self.tree.head.commit
            self.applied_subject = self.tree.head.subject
            self.applied_at = self._clock.now()
