"""One pass that is under way, and what is heard of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fairway.domain.errors import FairwayError
from fairway.domain.kube_errors import ClusterAway
from fairway.domain.progress import Event, Outcome, ReleaseFinished, ReleaseStarted, Reporter
from fairway.domain.repository.models import Environment
from fairway.services.agent.carrying import Pass
from fairway.services.agent.following import Tree
from fairway.services.engine.run_result import RunResult

log = logging.getLogger(__name__)

GIVE_UP = 3
"""After so many releases in a row for which the cluster could not be reached, the others are not tried."""


def cluster_away(error: BaseException | None) -> FairwayError | None:
    """The cluster that could not be reached, when that is behind an error."""
    while error is not None:
        if isinstance(error, ClusterAway):
            return error
        error = error.__cause__
    return None


@dataclass(frozen=True, slots=True)
class PassDone:
    """A pass that ended, for whoever wants to act on it. `cut` when it was cut short."""

    what: Pass
    result: RunResult
    cut: bool
    touched_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The commits that touched a release since it was last as declared, as far as they were seen."""
    seconds: float = 0.0
    error: FairwayError | None = None
    """Why the whole environment could not be carried out."""


OnPass: TypeAlias = Callable[[PassDone], None]
Reporting: TypeAlias = Callable[[Tree, Environment, int], Reporter]
"""Who is told of a pass. Passes under way at the same time have different numbers, from 0."""


class Running:
    """A pass that is under way. It runs beside others of the same environment that are for other releases."""

    def __init__(self, what: Pass, lane: int) -> None:
        self.what = what
        self.lane = lane
        self.result = RunResult(what.environment.name)
        self._task: asyncio.Task[RunResult] | None = None
        self._begun: set[str] = set()
        self._finished: set[str] = set()
        self._cut = False
        self._misses = 0
        self.away: FairwayError | None = None
        """Why it was given up: the cluster can't be reached."""

    @property
    def busy(self) -> set[str]:
        """The releases that it has yet to end."""
        names = self.what.names
        mine = {r.name for r in self.what.environment.releases} - self.what.paused if names is None else names
        return {*mine, *self.what.leaving} - self._finished

    @property
    def stuck(self) -> set[str]:
        """Those that it has begun and not ended."""
        return self._begun - self._finished

    def began(self, result: RunResult) -> None:
        """The result that grows while it goes on."""
        self.result = result

    async def end(self, work: Coroutine[Any, Any, RunResult]) -> asyncio.Task[RunResult]:
        """Do the work to its end, whatever that is; never raises."""
        self._task = asyncio.create_task(work)
        if self._cut:
            self._task.cancel()
        await asyncio.wait({self._task})
        return self._task

    def cut(self) -> None:
        """End it, also when it has not begun yet."""
        self._cut = True
        if self._task is not None:
            self._task.cancel()

    def heard(self, event: Event) -> None:
        if isinstance(event, ReleaseStarted):
            self._begun.add(event.release)
        elif isinstance(event, ReleaseFinished):
            self._finished.add(event.release)
            one = self.result.results.get(event.release)
            away = cluster_away(one.error) if one is not None else None
            self._misses = self._misses + 1 if away is not None else 0
            if away is not None and self._misses >= GIVE_UP and self.away is None:
                self.away = away
                self.cut()


class News:
    """How releases end, in the log. The same failure again is no news."""

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._told: dict[str, tuple[str, ...]] = {}

    def forget(self, release: str) -> None:
        """Whatever it fails with now is news again."""
        self._told.pop(release, None)

    def is_news(self, event: ReleaseFinished) -> bool:
        extra = {"environment": self._environment, "release": event.release, "outcome": event.outcome.value}
        if event.outcome is Outcome.INTERRUPTED or not event.outcome.is_bad:
            self.forget(event.release)
            if not event.outcome.is_quiet:
                log.info("agent.applied", extra={**extra, "revision": event.revision})
            return True
        if self._told.get(event.release) == event.reasons:
            return False
        self._told[event.release] = event.reasons
        log.warning("agent.failed", extra={**extra, "why": "; ".join(event.reasons[:2])})
        return True

    def listener(self, running: Running, report: Reporter) -> Reporter:
        """Passes on to `report` what is worth it."""

        def listen(event: Event) -> None:
            running.heard(event)
            if not isinstance(event, ReleaseFinished) or self.is_news(event):
                report(event)

        return listen
