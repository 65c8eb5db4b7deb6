"""One request from its arrival to its outcome. Reads top to bottom.

Seen before → deadline → identity → resources → all tried → applied in order → watched → one outcome. The rule not to
break: the outcome is remembered before it is told, and told before the message is settled; so a crash anywhere costs a
repetition and never a second outcome.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from fairway.domain.dispatch import outcomes as words
from fairway.domain.dispatch.requests import DeploymentRequest
from fairway.domain.dispatch.resources import declared
from fairway.domain.dispatch.statuses import DeploymentStatus, ReportedState, cut_description
from fairway.domain.dispatch.taken import Taken
from fairway.domain.errors import FairwayError, Transient, UserError
from fairway.domain.manifests.lists import flatten
from fairway.services.deployd.insisting import Insisting
from fairway.services.deployd.lanes import Place
from fairway.services.deployd.masking import Mask, Masks
from fairway.services.deployd.metrics import DeploydMetrics
from fairway.services.deployd.performing import Performance, Performing
from fairway.services.deployd.ports import Outcomes
from fairway.services.deployd.reporting import Reports

log = logging.getLogger(__name__)

T = TypeVar("T")

SAVE_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended; `lines` tell the whole story."""

    state: ReportedState
    description: str
    lines: tuple[str, ...] = ()


@dataclass(slots=True)
class Work:
    """A request under way."""

    request: DeploymentRequest
    place: Place
    taken: Taken
    is_new: bool = True
    """No former process had begun with it."""
    lines: list[str] = field(default_factory=list)
    mask: Mask = str


class Carrying:
    """Carries out requests of one cluster; any number at once."""

    def __init__(
        self,
        performing: Performing,
        outcomes: Outcomes,
        reports: Reports,
        masks: Masks,
        insisting: Insisting,
        metrics: DeploydMetrics,
        *,
        timeout: timedelta,
    ) -> None:
        self._performing = performing
        self._outcomes = outcomes
        self._reports = reports
        self._masks = masks
        self._insisting = insisting
        self._metrics = metrics
        self._timeout = timeout

    async def carry(self, request: DeploymentRequest, place: Place) -> None:
        """Return when the queue has the outcome. Never raises but for cancellation."""
        known = await self._remembering(lambda: self._outcomes.find(request.delivery_id))
        if known is not None and known.outcome is not None:
            await self._tell(known)
            return
        now = self._insisting.now()
        work = Work(request, place, known or Taken(request.delivery_id, now), is_new=known is None)
        about = {"delivery_id": request.delivery_id, "team": request.team, "cluster": request.cluster}
        log.info("deployd.taken", extra={**about, "repository": str(request.repository), "again": known is not None})
        if known is None:
            self._metrics.phase("queued", max(0.0, (now - request.at).total_seconds()))
        objects = [leaf for one in request.resources if isinstance(one, dict) for leaf in flatten(one)]
        with self._masks.of(objects) as work.mask:
            ending = await self._carry_out(work)
            status = self._status(work, ending)
        ended = replace(work.taken, outcome=status)
        await self._remembering(lambda: self._outcomes.save(ended))
        self._metrics.ended(ending.state.value, (self._insisting.now() - ended.at).total_seconds())
        log.info("deployd.ended", extra={**about, "state": ending.state.value, "why": status.description})
        await self._tell(ended)

    async def tell_again(self, taken: Taken) -> None:
        """An outcome that a former process could not report."""
        await self._tell(taken)

    async def _carry_out(self, work: Work) -> Ending:
        try:
            if work.is_new:
                if self._is_late(work.request):
                    return _late()
                await self._remembering(lambda: self._outcomes.save(work.taken))
            if not work.taken.applied:
                # hookd gives up what nobody has taken, so nothing is begun before the queue has this.
                await self._say(work, ReportedState.PENDING, "taken by deployd")
            return await self._perform(work)
        except UserError as error:
            return Ending(ReportedState.ERROR, words.wrong(work.mask(error.message)), _lines(work, error))
        except FairwayError as error:
            return Ending(ReportedState.FAILURE, words.failure([work.mask(error.message)]), _lines(work, error))
        except Exception as error:
            log.exception("deployd.defect", extra={"delivery_id": work.request.delivery_id})
            why = f"deployd has a defect: {type(error).__name__}; its log tells more"
            return Ending(ReportedState.FAILURE, words.failure([why]), tuple(work.lines))

    async def _perform(self, work: Work) -> Ending:
        objects = declared(work.request.resources, work.request.delivery_id)
        performance = self._performing.begin(work.request, objects, work.lines, work.mask)
        async with work.place.turn():
            if work.taken.watching_since is None:
                if work.is_new and self._is_late(work.request):
                    return _late()
                if ending := await self._check_and_apply(work, performance):
                    return ending
            else:
                await performance.resume()
                work.place.overtake()
        description = words.in_progress(performance.count)
        self._say(work, ReportedState.IN_PROGRESS, description)
        return await self._watch(work, performance)

    async def _check_and_apply(self, work: Work, performance: Performance) -> Ending | None:
        began = self._insisting.now()
        until = work.request.deadline if not work.taken.applied else began + self._timeout

        saved = began

        async def note(mark: str, at_once: bool) -> None:
            """That it was begun is remembered at once; to apply the others twice is harmless."""
            nonlocal saved
            is_first = not work.taken.applied
            work.taken = replace(work.taken, applied=(*work.taken.applied, mark))
            if at_once or is_first or self._insisting.now() - saved > SAVE_EVERY:
                saved = self._insisting.now()
                await self._remembering(lambda: self._outcomes.save(work.taken))

        async with performance.as_team(until):
            if not work.is_new and not work.taken.applied and (mark := await performance.first_applied(until)):
                await note(mark, True)
            errors = await performance.check(until, done=work.taken.applied)
            self._metrics.phase("checked", self._seconds_since(began))
            if errors:
                return Ending(ReportedState.FAILURE, words.failure(errors), tuple(work.lines))
            if not work.taken.applied and self._is_late(work.request):
                return _late()
            began = self._insisting.now()
            work.place.overtake()
            errors = await performance.apply(began + self._timeout, done=work.taken.applied, note=note)
            self._metrics.phase("applied", self._seconds_since(began))
        if errors:
            return Ending(ReportedState.FAILURE, words.failure(errors), tuple(work.lines))
        self._metrics.applied(performance.count)
        work.taken = replace(work.taken, watching_since=self._insisting.now())
        if not performance.is_healthy:
            await self._remembering(lambda: self._outcomes.save(work.taken))
        return None

    async def _watch(self, work: Work, performance: Performance) -> Ending:
        since = work.taken.watching_since or self._insisting.now()
        watching = asyncio.create_task(performance.watch(since, self._timeout))
        overtaken = asyncio.create_task(work.place.superseded.wait())
        try:
            await asyncio.wait((watching, overtaken), return_when=asyncio.FIRST_COMPLETED)
            if not watching.done():
                return Ending(ReportedState.INACTIVE, words.SUPERSEDED, tuple(work.lines))
            errors = watching.result()
        finally:
            for task in (watching, overtaken):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
        self._metrics.phase("watched", self._seconds_since(since))
        if errors is None:
            return Ending(ReportedState.INACTIVE, words.SUPERSEDED, tuple(work.lines))
        if errors:
            return Ending(ReportedState.FAILURE, words.failure(errors), tuple(work.lines))
        return Ending(ReportedState.SUCCESS, words.success(performance.count), tuple(work.lines))

    def _is_late(self, request: DeploymentRequest) -> bool:
        return self._insisting.now() >= request.deadline

    def _seconds_since(self, moment: datetime) -> float:
        return max(0.0, (self._insisting.now() - moment).total_seconds())

    def _say(self, work: Work, state: ReportedState, description: str) -> asyncio.Future[None]:
        """On the way to the outcome; it may be waited for."""
        told = self._reports.say(self._status(work, Ending(state, description, tuple(work.lines))))
        told.add_done_callback(lambda future: future.cancelled() or future.exception())
        return told

    async def _tell(self, ended: Taken) -> None:
        assert ended.outcome is not None
        await self._reports.say(ended.outcome)
        await self._remembering(lambda: self._outcomes.save(replace(ended, reported=True)))

    def _status(self, work: Work, ending: Ending) -> DeploymentStatus:
        request, mask = work.request, work.mask
        return DeploymentStatus(
            delivery_id=request.delivery_id,
            repository=request.repository,
            deployment_id=request.deployment_id,
            state=ending.state,
            description=cut_description(_printable(mask(ending.description))),
            team=request.team,
            cluster=request.cluster,
            at=self._insisting.now().replace(microsecond=0),
            detail=words.detail(_printable(mask(line)) for line in ending.lines),
        )

    async def _remembering(self, work: Callable[[], Awaitable[T]]) -> T:
        """Nothing goes on without its memory, so it is waited for."""

        def told(error: Transient) -> None:
            log.warning("deployd.memory_away", extra={"why": error.message})

        return await self._insisting.for_ever(work, told)


def _late() -> Ending:
    return Ending(ReportedState.FAILURE, words.EXCEEDED, ("the deadline had passed when it was its turn",))


def _lines(work: Work, error: FairwayError) -> tuple[str, ...]:
    fix = (f"  to fix it: {error.fix}",) if error.fix else ()
    return (*work.lines, error.message, *fix)


def _printable(text: str) -> str:
    """Without what no message can carry: half characters and NUL."""
    return text.encode(errors="replace").decode().replace("\0", "�")
