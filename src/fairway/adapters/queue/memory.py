"""A queue in this process: for tests, and for a ledger that is `none`. What it holds ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice

from fairway.adapters.queue.settling import Settled
from fairway.domain.dispatch.messages import Message, Received, Topic


@dataclass
class _Log:
    """One topic: its messages by their place, and how far each group is."""

    messages: list[Message] = field(default_factory=list)
    groups: dict[str, Settled] = field(default_factory=dict)


class MemoryQueue:
    """Everything is kept until the process ends."""

    def __init__(self) -> None:
        self._logs = {topic: _Log() for topic in Topic}
        self._stored = asyncio.Condition()

    async def publish(self, messages: Sequence[Message]) -> None:
        async with self._stored:
            for message in messages:
                self._logs[message.topic].messages.append(message)
            self._stored.notify_all()

    @asynccontextmanager
    async def subscribe(
        self, topic: Topic, group: str, *, from_start: bool = True
    ) -> AsyncIterator[MemorySubscription]:
        log = self._logs[topic]
        settled = log.groups.setdefault(group, Settled(0 if from_start else len(log.messages)))
        yield MemorySubscription(topic, log, settled, self._stored)

    async def check(self) -> None:
        return

    async def aclose(self) -> None:
        return


class MemorySubscription:
    def __init__(self, topic: Topic, log: _Log, settled: Settled, stored: asyncio.Condition) -> None:
        self._topic = topic
        self._log = log
        self._settled = settled
        self._stored = stored
        self._next = settled.position

    async def fetch(self, most: int, *, timeout: float) -> list[Received]:
        async with self._stored:
            # What is there comes even to those who have no time. Not asyncio's `wait_for`, which forgets a cancellation
            # that comes together with what it waits for.
            if timeout > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout):
                        await self._stored.wait_for(lambda: any(True for _ in self._waiting()))
            places = list(islice(self._waiting(), most))
            if places:
                self._next = places[-1] + 1
            return [self._received(place) for place in places]

    async def settle(self, received: Sequence[Received]) -> None:
        for one in received:
            if isinstance(one.token, int):
                self._settled.add(one.token)

    async def lag(self) -> int:
        return sum(1 for _ in self._waiting())

    def _waiting(self) -> Iterator[int]:
        return (place for place in range(self._next, len(self._log.messages)) if place not in self._settled)

    def _received(self, place: int) -> Received:
        message = self._log.messages[place]
        return Received(self._topic, message.key, message.body, place)
