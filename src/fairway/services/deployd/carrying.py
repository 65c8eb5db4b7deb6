"""One request from its arrival to its outcome. Reads top to bottom.

Seen before → deadline → identity → resources → all tried → applied in order → watched → one outcome. The rule not to
break: the outcome is remembered before it is told, and told before the message is settled; so a crash anywhere costs a
repetition and never a second outcome.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from fairway.domain.dispatch import outcomes as words
from fairway.domain.dispatch.requests import DeploymentRequest
from fairway.domain.dispatch.resources import declared
from fairway.domain.dispatch.statuses import DeploymentStatus, ReportedState, cut_description
from fairway.domain.dispatch.taken import Taken
from fairway.domain.errors import Transient
from fairway.domain.manifests.lists import flatten
from fairway.services.deployd.endings import Ending, broken_off, failed, late, succeeded, superseded
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
    performance: Performance = field(init=False)

    @property
    def about(self) -> dict[str, str]:
        """For logs."""
        request = self.request
        return {
            "delivery_id": request.delivery_id,
            "team": request.team,
            "cluster": request.cluster,
            "repository": str(request.repository),
        }


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
        log.info("deployd.taken", extra={**work.about, "again": known is not None})
        if known is None:
            self._metrics.phase("queued", max(0.0, (now - request.at).total_seconds()))
        with ExitStack() as masked:

            async def masked_work(work: Work) -> Ending | None:
                # What is in lists nobody has checked yet, and it must end its own request alone.
                objects = [leaf for one in request.resources if isinstance(one, dict) for leaf in flatten(one)]
                work.mask = masked.enter_context(self._masks.of(objects))
                return await self._carry_out(work)

            ending = await self._guarded(work, masked_work)
            if ending is not None:
                await self._end(work, ending)
        await self._tell(work.taken)

    async def tell_again(self, taken: Taken) -> None:
        """An outcome that a former process could not report."""
        await self._tell(taken)

    async def _guarded(self, work: Work, step: Callable[[Work], Awaitable[Ending | None]]) -> Ending | None:
        """What a step says, or how it broke off."""
        try:
            return await step(work)
        except Exception as error:
            return broken_off(error, work.request.delivery_id, work.lines, work.mask)

    async def _carry_out(self, work: Work) -> Ending | None:
        """How it ended; None when that is remembered already."""
        if work.is_new:
            if self._is_late(work.request):
                return late()
            await self._remembering(lambda: self._outcomes.save(work.taken))
        if not work.taken.applied:
            # hookd gives up what nobody has taken, so nothing is begun before the queue has this.
            await self._say(work, ReportedState.PENDING, "taken by deployd")
        objects = declared(work.request.resources, work.request.delivery_id)
        work.performance = self._performing.begin(work.request, objects, work.lines, work.mask)
        async with work.place.turn():
            # Remembered before the next of the lane has its turn, or a successor could apply this one over that one.
            if ending := await self._guarded(work, self._have_turn):
                await self._end(work, ending)
                return None
            await self._remembering(lambda: self._outcomes.save(work.taken))
        self._say(work, ReportedState.IN_PROGRESS, words.in_progress(work.performance.count))
        return await self._watch(work)

    async def _have_turn(self, work: Work) -> Ending | None:
        """Check and apply, or look at what a former process applied; None when it is to be watched."""
        if work.taken.watching_since is not None:
            await work.performance.resume()
            work.place.overtake()
            return None
        if work.is_new and self._is_late(work.request):
            return late()
        errors = await self._check_and_apply(work)
        if errors is None:
            return late()
        if errors:
            return failed(errors, work.lines)
        self._metrics.applied(work.performance.count)
        work.taken = replace(work.taken, watching_since=self._insisting.now())
        return None

    async def _check_and_apply(self, work: Work) -> list[str] | None:
        """Why it could not be applied; None when the deadline had passed."""
        performance = work.performance
        began = saved = self._insisting.now()
        until = work.request.deadline if not work.taken.applied else began + self._timeout

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
                return errors
            if not work.taken.applied and self._is_late(work.request):
                return None
            began = self._insisting.now()
            work.place.overtake()
            errors = await performance.apply(began + self._timeout, done=work.taken.applied, note=note)
            self._metrics.phase("applied", self._seconds_since(began))
        return errors

    async def _watch(self, work: Work) -> Ending:
        since = work.taken.watching_since or self._insisting.now()
        watching = asyncio.create_task(work.performance.watch(since, self._timeout))
        overtaken = asyncio.create_task(work.place.superseded.wait())
        try:
            await asyncio.wait((watching, overtaken), return_when=asyncio.FIRST_COMPLETED)
            if not watching.done():
                return superseded(work.lines)
            errors = watching.result()
        finally:
            for task in (watching, overtaken):
                task.cancel()
            await asyncio.gather(watching, overtaken, return_exceptions=True)
        self._metrics.phase("watched", self._seconds_since(since))
        if errors is None:
            return superseded(work.lines)
        return failed(errors, work.lines) if errors else succeeded(work.performance.count, work.lines)

    async def _end(self, work: Work, ending: Ending) -> None:
        """From here on nothing changes the outcome."""
        status = self._status(work, ending)
        ended = replace(work.taken, outcome=status)
        await self._remembering(lambda: self._outcomes.save(ended))
        work.taken = ended
        self._metrics.ended(ending.state.value, self._seconds_since(ended.at))
        log.info("deployd.ended", extra={**work.about, "state": ending.state.value, "why": status.description})

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


def _printable(text: str) -> str:
    """Without what no message can carry: half characters and NUL."""
    return text.encode(errors="replace").decode().replace("\0", "�")
