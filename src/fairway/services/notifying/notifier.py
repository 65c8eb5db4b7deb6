"""Tells what happened: routes events, collects them for a moment, and delivers what belongs together as one message.

`tell` is given to whoever has news. `run` delivers in the background, `flush` at the end of a program. Each receiver
has a lane of its own, so that one that does not answer never holds up another; within a lane order is kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from secrets import randbits

from fairway.domain.notifications.delivery import Message
from fairway.domain.notifications.event import Happening
from fairway.domain.notifications.grouping import Group, grouped
from fairway.domain.notifications.routing import Route, Routed, route
from fairway.services.agent.ports import Clock
from fairway.services.notifying.delivering import Deliverer, Patience
from fairway.services.notifying.lanes import Lane
from fairway.services.notifying.ports import Channel, DeliveryLog

_log = logging.getLogger(__name__)

WINDOW = timedelta(seconds=2)
GRACE = timedelta(seconds=10)
KEEP = timedelta(days=90)
"""How long the delivery log remembers."""
_REMEMBERED_THREADS = 2000


class Notifier:
    """`routes` empty: everything goes to every channel. `warn` gets sentences for people about what did not arrive."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        routes: Sequence[Route],
        log: DeliveryLog,
        clock: Clock,
        *,
        window: timedelta = WINDOW,
        random: Callable[[int], int] = randbits,
        warn: Callable[[str], None] = lambda text: None,
        patience: Patience = Patience(),
    ) -> None:
        self._channels = dict(channels)
        self._addressed = frozenset(name for name, channel in channels.items() if channel.addressed)
        self._routes = tuple(routes)
        self._clock = clock
        self._window = window
        self._deliverer = Deliverer(channels, log, clock, random=random, warn=warn, patience=patience)
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._references: OrderedDict[tuple[str, str, str], Mapping[str, str]] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hurry = asyncio.Event()

    def tell(self, happening: Happening) -> None:
        """Takes an event and returns at once; never raises. From any thread."""
        try:
            for one in route(happening, self._routes, tuple(self._channels), self._addressed):
                self._put(one)
        except Exception:
            _log.exception("notification.not_taken", extra={"event": str(getattr(happening, "id", ""))})

    async def run(self) -> None:
        """Deliver until cancelled; what waits then still goes out, as far as `GRACE` allows."""
        self._loop = asyncio.get_running_loop()
        try:
            for lane in list(self._lanes.values()):
                self._start(lane)
            while True:
                await self._deliverer.tidy(KEEP)
                await self._clock.sleep(timedelta(days=1))
        finally:
            self._loop = None
            await self.flush()

    async def flush(self, within: timedelta = GRACE) -> bool:
        """Send now what waits; True when all of it was sent or given up by its channel.

        What is left after `within` goes into the log as failed, from where it can be sent again.
        """
        self._hurry.set()
        limit = asyncio.ensure_future(self._clock.sleep(within))
        try:
            while tasks := self._started():
                await asyncio.wait({limit, *tasks}, return_when=asyncio.FIRST_COMPLETED)
                if limit.done():
                    await self._give_up()
                    return False
            return True
        finally:
            limit.cancel()
            self._hurry.clear()

    def _put(self, one: Routed) -> None:
        lane = self._lanes.setdefault((one.channel, one.to), Lane(one.channel, one.to))
        lane.add(one.event)
        if self._loop is not None and not lane.is_busy:
            self._loop.call_soon_threadsafe(self._start, lane)

    def _start(self, lane: Lane) -> None:
        if lane.waiting and not lane.is_busy:
            lane.task = asyncio.get_running_loop().create_task(self._work(lane), name=f"notify {lane.channel}")

    def _started(self) -> list[asyncio.Task[None]]:
        """The tasks of all lanes that have something to do."""
        for lane in list(self._lanes.values()):
            self._start(lane)
        return [lane.task for lane in self._lanes.values() if lane.task is not None and not lane.task.done()]

    async def _work(self, lane: Lane) -> None:
        while lane.waiting or lane.groups:
            await self._collect()
            threads = self._channels[lane.channel].threads
            known = await self._known(lane) if threads else frozenset()
            # Nothing may be awaited between taking and keeping: what a cancellation meets is in the lane, or sent.
            lane.groups.extend(grouped(lane.take(), threads=threads, known=known))
            while lane.groups:
                await self._send(lane, lane.groups.popleft())

    async def _collect(self) -> None:
        """Wait for the window to pass, or for somebody who is in a hurry."""
        if self._hurry.is_set():
            return
        waits = [asyncio.ensure_future(self._clock.sleep(self._window)), asyncio.ensure_future(self._hurry.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _known(self, lane: Lane) -> frozenset[str]:
        """Those threads of what waits that have a message; their references are remembered from the log."""
        threads = {event.thread for event in lane.waiting if event.thread}
        unknown = {t for t in threads if (lane.channel, lane.to, t) not in self._references}
        if unknown:
            for thread, reference in (await self._deliverer.references(lane.channel, lane.to, unknown)).items():
                self._remember(lane, thread, reference)
        return frozenset(t for t in threads if self._references.get((lane.channel, lane.to, t)))

    async def _send(self, lane: Lane, group: Group) -> None:
        message = self._message(lane, group)
        earlier = self._references.get((lane.channel, lane.to, group.thread), {}) if group.thread else {}
        delivery = await self._deliverer.send(message, earlier)
        if delivery.reference and not earlier:
            for thread in {event.thread for event in group.events if event.thread}:
                self._remember(lane, thread, delivery.reference)

    def _message(self, lane: Lane, group: Group) -> Message:
        return Message(self._deliverer.new_id(), lane.channel, lane.to, group.events, group.thread)

    def _remember(self, lane: Lane, thread: str, reference: Mapping[str, str]) -> None:
        self._references[(lane.channel, lane.to, thread)] = reference
        while len(self._references) > _REMEMBERED_THREADS:
            self._references.popitem(last=False)

    async def _give_up(self) -> None:
        """Stop what is under way, and write down what has not begun."""
        busy = [lane.task for lane in self._lanes.values() if lane.task is not None and not lane.task.done()]
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        for lane in self._lanes.values():
            lane.groups.extend(grouped(lane.take(), threads=self._channels[lane.channel].threads))
            while lane.groups:
                await self._deliverer.give_up(self._message(lane, lane.groups.popleft()))
