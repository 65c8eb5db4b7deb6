"""deployd: takes a cluster's requests off the queue, carries them out, and says that it is there.

The rule not to break: a message is settled only when its outcome is with the queue; so whatever is killed, the message
comes again and its successor goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from fairway.domain.dispatch.naming import namespace_of, subject_of
from fairway.domain.dispatch.requests import DeploymentRequest
from fairway.domain.dispatch.statuses import Announcement
from fairway.domain.errors import FairwayError, Transient
from fairway.services.deployd.carrying import Carrying
from fairway.services.deployd.lanes import Lanes
from fairway.services.deployd.metrics import DeploydMetrics
from fairway.services.deployd.options import DeploydOptions
from fairway.services.deployd.ports import Outcomes
from fairway.services.deployd.reporting import Reports
from fairway.services.engine.retrying import Backoff
from fairway.services.queue.correspondence import Correspondence
from fairway.services.queue.ports import Received, Subscription, Topic

BATCH = 100
FETCH_SECONDS = 0.5
"""How long a fetch waits; outcomes are settled, and the word to stop is heard, between two."""
LAG_EVERY = 15.0
FORGET_EVERY = 3600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Instance:
    """Who announces itself: host and a number made at the start, and the version of Fairway."""

    name: str
    version: str


class Deployd:
    """One cluster's. `run` it until cancelled; may be run once."""

    def __init__(
        self,
        options: DeploydOptions,
        instance: Instance,
        correspondence: Correspondence,
        outcomes: Outcomes,
        carrying: Carrying,
        reports: Reports,
        metrics: DeploydMetrics,
        *,
        now: Callable[[], datetime],
        backoff: Backoff,
    ) -> None:
        self._options = options
        self._instance = instance
        self._correspondence = correspondence
        self._outcomes = outcomes
        self._carrying = carrying
        self._reports = reports
        self._metrics = metrics
        self._now = now
        self._backoff = backoff
        self._lanes = Lanes(options.concurrency, options.team_concurrency)
        self._open: dict[str, asyncio.Task[None]] = {}
        self._finished = asyncio.Event()
        self._settled: list[Received] = []
        self._stopping = False
        self._broken: asyncio.Future[None] | None = None
        self._queue_problem = "has not read the queue yet"

    def ready(self) -> Mapping[str, str]:
        """What is wrong now, by name; nothing when requests are taken and reports arrive."""
        problems = {"queue": self._queue_problem or self._reports.problem}
        return {name: why for name, why in problems.items() if why}

    @property
    def open(self) -> int:
        """Requests under way."""
        return len(self._open)

    async def run(self) -> None:
        """Until cancelled. Then nothing more is taken, what is being applied gets a while, and waits for health are
        left to the successor. Raises Transient while the queue can't be opened, and what makes its memory useless."""
        beside = [
            asyncio.create_task(work())
            for work in (self._reports.run, self._announce, self._forget_old, self._tell_untold)
        ]
        self._broken = asyncio.get_running_loop().create_future()
        group = self._options.group or f"deployd-{self._options.cluster}"
        try:
            async with self._correspondence.subscribe(Topic.REQUESTS, group) as subscription:
                taking = asyncio.create_task(self._take(subscription))
                try:
                    await _first_end([taking, self._broken, *beside])
                finally:
                    self._stopping = True
                    await _end([taking])
                    await self._stop(subscription)
        finally:
            await _end([*self._open.values(), *beside])

    async def _take(self, subscription: Subscription) -> None:
        tries = 0
        looked = 0.0
        loop = asyncio.get_running_loop()
        # A cancellation may get lost in a time-out that ends at the same moment, hence the flag.
        while not self._stopping:
            try:
                await self._settle(subscription)
                if loop.time() - looked > LAG_EVERY:
                    looked = loop.time()
                    self._metrics.lag(await subscription.lag())
                room = self._options.most_open - len(self._open)
                if room <= 0:
                    self._finished.clear()
                    await self._finished.wait()
                    continue
                fetched = await subscription.fetch(min(room, BATCH), timeout=FETCH_SECONDS)
                if self._stopping:
                    return
                for received in fetched:
                    self._take_one(received)
                tries, self._queue_problem = 0, ""
            except Transient as error:
                tries += 1
                if not self._queue_problem:
                    log.warning("deployd.queue_away", extra={"why": error.message})
                self._queue_problem = error.message
                await self._backoff.pause(self._backoff.seconds(tries))

    def _take_one(self, received: Received) -> None:
        request = self._correspondence.open(received)
        if not isinstance(request, DeploymentRequest):
            self._settled.append(received)
            return
        if request.cluster != self._options.cluster:
            self._metrics.ignored()
            self._settled.append(received)
            return
        if request.delivery_id in self._open:
            # The first of the two is not settled yet, so nothing is lost with this one.
            self._settled.append(received)
            return
        place = self._lanes.enter(request.team.lower(), _subject(request))

        async def carry() -> None:
            try:
                await self._carrying.carry(request, place)
                self._settled.append(received)
            except FairwayError as error:
                # Its memory failed for good: without it nothing may be carried out.
                if self._broken is not None and not self._broken.done():
                    self._broken.set_exception(error)
            except Exception:
                # One message must not end a process that would meet it again at each start.
                log.exception("deployd.defect", extra={"delivery_id": request.delivery_id})
            finally:
                place.leave()
                self._open.pop(request.delivery_id, None)
                self._metrics.open(len(self._open))
                self._finished.set()

        self._open[request.delivery_id] = asyncio.create_task(carry())
        self._metrics.open(len(self._open))

    async def _settle(self, subscription: Subscription) -> None:
        if self._settled:
            batch = list(self._settled)
            await subscription.settle(batch)
            del self._settled[: len(batch)]

    async def _stop(self, subscription: Subscription) -> None:
        """What is being applied may go on for a while; who waits for health is left to the successor at once."""
        if self._open:
            log.info("deployd.stopping", extra={"open": len(self._open)})
        await self._lanes.close(self._options.stop_within.total_seconds())
        await _end(list(self._open.values()))
        with suppress(FairwayError):
            await self._settle(subscription)

    async def _announce(self) -> None:
        """At the start, every so often, and as soon as the queue is back: hookd refuses clusters it never heard of."""
        tries = 0
        while True:
            pause = self._options.announce_every.total_seconds()
            announcement = Announcement(
                self._options.cluster, self._instance.name, self._instance.version, self._now().replace(microsecond=0)
            )
            try:
                await self._correspondence.announce(announcement)
                tries = 0
            except FairwayError as error:
                log.info("deployd.not_announced", extra={"why": error.message})
                tries += 1
                pause = min(pause, self._backoff.seconds(tries))
            await asyncio.sleep(pause)

    async def _tell_untold(self) -> None:
        """What a former process could not report any more."""
        tries = 0
        while True:
            try:
                untold = await self._outcomes.unreported()
                break
            except Transient as error:
                tries += 1
                log.warning("deployd.memory_away", extra={"why": error.message})
                await self._backoff.pause(self._backoff.seconds(tries))
        for taken in untold:
            if taken.delivery_id not in self._open:
                await self._carrying.tell_again(taken)
        await asyncio.Event().wait()

    async def _forget_old(self) -> None:
        while True:
            try:
                forgotten = await self._outcomes.forget(self._now() - self._options.remember)
                log.debug("deployd.forgot", extra={"requests": forgotten})
            except FairwayError as error:
                log.info("deployd.not_forgotten", extra={"why": error.message})
            await asyncio.sleep(FORGET_EVERY)


def _subject(request: DeploymentRequest) -> str:
    """What is malformed is told later, and needs no order."""
    try:
        return f"{namespace_of(request.resources)}/{subject_of(request.resources)}"
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""


async def _first_end(tasks: list[asyncio.Future[None]]) -> None:
    """None of them ends by itself, but by what somebody must set right, or by a defect; that is raised."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
