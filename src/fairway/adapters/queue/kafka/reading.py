"""Messages from brokers: a thread reads all partitions of a topic into a bounded buffer.

Each process reads alone, all partitions itself: it is no member of a group that brokers rebalance. It starts at once
after a crash, nothing times out while a message takes minutes, and what it was given is never taken from it. Only
the positions are kept under the group's name.

The rule not to break: a committed position never passes a message that was not settled.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from fairway.adapters.queue.bell import Bell
from fairway.adapters.queue.kafka.connection import Brokers, Trouble, error_of, translated
from fairway.adapters.queue.kafka.offsets import Offsets
from fairway.adapters.queue.settling import InFlight
from fairway.domain.dispatch.messages import Received, Topic
from fairway.domain.errors import FairwayError

BUFFER = 1000
"""Messages that wait for `fetch`; beyond it nothing is read."""
BUFFER_BYTES = 32 * 1024 * 1024
_POLL = 0.5
UPKEEP = 60.0
"""Seconds between two looks for new partitions."""
REMEMBER = 3600.0
"""Seconds between commits of positions that did not move: brokers forget them after a week of silence."""
_log = logging.getLogger(__name__)


class KafkaSubscription:
    """`begin` before the rest."""

    def __init__(
        self, brokers: Brokers, topic: Topic, group: str, *, upkeep: float = UPKEEP, remember: float = REMEMBER
    ) -> None:
        self._brokers = brokers
        self._topic = topic
        self._upkeep = upkeep
        self._remember = remember
        self._remembered = time.monotonic()
        self._name = brokers.topics[topic]
        self._trouble = Trouble()
        self._consumer = brokers.client(
            Consumer,
            self._trouble,
            **{
                "group.id": group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "session.timeout.ms": 10_000,
                "fetch.error.backoff.ms": 100,
                "queued.max.messages.kbytes": 16 * 1024,
            },
        )
        self._offsets = Offsets(brokers, self._name, group)
        self._begun = asyncio.Lock()
        self._reader: threading.Thread | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._buffer: deque[KafkaMessage] = deque()
        self._buffered = 0
        self._paused = False
        self._failed: KafkaError | None = None
        self._bell = Bell()
        # By partition: the next to read, the next to hand out, what is out, and what the broker has of it.
        self._next: dict[int, int] = {}
        self._given: dict[int, int] = {}
        self._flying: dict[int, InFlight] = {}
        self._committed: dict[int, int] = {}
        self._committing = asyncio.Lock()

    async def begin(self, *, from_start: bool = True) -> None:
        """Until the brokers have answered once, each call asks again."""
        async with self._begun:
            if self._reader is None:
                await asyncio.to_thread(self._begin, from_start)
                self._reader = threading.Thread(target=self._read, name=f"kafka-{self._name}", daemon=True)
                self._reader.start()

    async def fetch(self, most: int, *, timeout: float) -> list[Received]:
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        await self.begin()
        while True:
            rung = self._bell.rung
            if found := self._take(most):
                return found
            left = until - loop.time()
            if left <= 0:
                break
            await self._bell.wait(rung, left)
        if self._failed is not None or self._trouble.last is not None:
            await asyncio.to_thread(self._probe)
        if time.monotonic() - self._remembered > self._remember:
            async with self._committing:
                await asyncio.to_thread(self._offsets.commit, dict(self._committed))
            self._remembered = time.monotonic()
        return []

    async def settle(self, received: Sequence[Received]) -> None:
        for one in received:
            match one.token:
                case (int(partition), int(offset)) if partition in self._flying:
                    self._flying[partition].settle(offset)
        async with self._committing:
            moved = {
                partition: flying.position
                for partition, flying in tuple(self._flying.items())
                if flying.position > self._committed[partition]
            }
            if moved:
                await asyncio.to_thread(self._offsets.commit, moved)
                self._committed |= moved

    async def lag(self) -> int:
        await self.begin()
        ends = await asyncio.to_thread(self._ends)
        return sum(max(0, end - self._given.get(partition, 0)) for partition, end in ends.items())

    async def aclose(self) -> None:
        self._ended.set()
        await asyncio.to_thread(self._close)

    def _begin(self, from_start: bool) -> None:
        partitions = self._offsets.partitions()
        bounds = {partition: self._offsets.bounds(partition) for partition in partitions}
        kept = self._offsets.committed(partitions)
        if not from_start:
            new = {partition: end for partition, (_, end) in bounds.items() if partition not in kept}
            self._offsets.commit(new)
            kept |= new
        for partition, (first, end) in bounds.items():
            at = kept.get(partition, first)
            # What was deleted, or comes from a topic of the same name before, is not there to go on with.
            self._start_at(partition, at if first <= at <= end else first)
        self._assign()

    def _start_at(self, partition: int, offset: int) -> None:
        self._next[partition] = self._given[partition] = self._committed[partition] = offset
        self._flying[partition] = InFlight(offset)

    def _assign(self) -> None:
        self._paused = False
        self._consumer.assign([TopicPartition(self._name, partition, at) for partition, at in self._next.items()])

    def _ends(self) -> dict[int, int]:
        return {partition: self._offsets.bounds(partition)[1] for partition in tuple(self._next)}

    def _probe(self) -> None:
        """Raises while the brokers don't answer; complaints that are over are forgotten."""
        failed, self._failed = self._failed, None
        self._ends()
        self._trouble.over()
        if failed is not None:
            raise translated(self._brokers, failed)

    def _take(self, most: int) -> list[Received]:
        taken: list[Received] = []
        with self._lock:
            while self._buffer and len(taken) < most:
                message = self._buffer.popleft()
                self._buffered -= len(message)
                taken.append(self._received(message))
        return taken

    def _received(self, message: KafkaMessage) -> Received:
        partition, offset = message.partition() or 0, message.offset() or 0
        self._flying[partition].read(offset)
        self._given[partition] = offset + 1
        key, body = message.key() or b"", message.value() or b""
        return Received(self._topic, bytes(key).decode(errors="replace"), bytes(body), (partition, offset))

    def _read(self) -> None:
        """The reader's thread."""
        looked = time.monotonic()
        while not self._ended.is_set():
            try:
                self._pause_or_resume()
                if (message := self._consumer.poll(_POLL)) is not None:
                    self._keep(message)
                if time.monotonic() - looked > self._upkeep:
                    looked = time.monotonic()
                    self._look_for_partitions()
            except KafkaException as error:
                self._failed = error_of(error)
            except FairwayError as error:
                # It is tried again; `fetch` says what stands in the way if that lasts.
                _log.info("queue.kafka_upkeep_failed", extra={"topic": self._name, "why": str(error)})
            except Exception:
                # A reader that is gone would look like a topic without messages.
                _log.exception("queue.kafka_reader_failed", extra={"topic": self._name})
                self._ended.wait(1.0)

    def _keep(self, message: KafkaMessage) -> None:
        if (error := message.error()) is not None:
            self._failed = error
            return
        with self._lock:
            self._buffer.append(message)
            self._buffered += len(message)
            self._next[message.partition() or 0] = (message.offset() or 0) + 1
        self._bell.ring()

    def _pause_or_resume(self) -> None:
        """While it pauses polling goes on, so that brokers and callbacks are still served."""
        with self._lock:
            full = len(self._buffer) >= BUFFER or self._buffered >= BUFFER_BYTES
        if full != self._paused:
            (self._consumer.pause if full else self._consumer.resume)(self._consumer.assignment())
            self._paused = full

    def _look_for_partitions(self) -> None:
        """Those that were added while it runs, from their beginning."""
        added = set(self._offsets.partitions()) - set(self._next)
        for partition in added:
            self._start_at(partition, self._offsets.bounds(partition)[0])
        if added:
            self._assign()

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.join()
        self._consumer.close()
        self._offsets.close()
