"""The queue port over Kafka brokers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fairway.adapters.queue.kafka.connection import Brokers
from fairway.adapters.queue.kafka.publishing import PATIENCE, Publisher
from fairway.adapters.queue.kafka.reading import REMEMBER, UPKEEP, KafkaSubscription
from fairway.adapters.queue.kafka.topics import ensure_topics
from fairway.domain.dispatch.messages import Message, Topic
from fairway.domain.errors import Transient


class KafkaQueue:
    """Connects when it is first used.

    In seconds: after `patience` publishing gives up; `upkeep` is between two looks for new partitions, and `remember`
    between two commits of positions that don't move.
    """

    def __init__(
        self,
        brokers: Brokers,
        *,
        patience: float = PATIENCE,
        upkeep: float = UPKEEP,
        remember: float = REMEMBER,
    ) -> None:
        self._brokers = brokers
        self._patience = patience
        self._upkeep = upkeep
        self._remember = remember
        self._publisher: Publisher | None = None
        self._known: set[Topic] = set()

    async def publish(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        await self._ensure({message.topic for message in messages})
        if self._publisher is None:
            self._publisher = Publisher(self._brokers, patience=self._patience)
        publisher = self._publisher
        try:
            await publisher.publish(messages)
        except Transient:
            # Topics may have been deleted; the next call looks again.
            self._known.clear()
            raise
        finally:
            if publisher.is_broken and self._publisher is publisher:
                self._publisher = None
                await asyncio.to_thread(publisher.close)

    @asynccontextmanager
    async def subscribe(self, topic: Topic, group: str, *, from_start: bool = True) -> AsyncIterator[KafkaSubscription]:
        subscription = KafkaSubscription(self._brokers, topic, group, upkeep=self._upkeep, remember=self._remember)
        try:
            try:
                await subscription.begin(from_start=from_start)
            except Transient:
                # The oldest message is the oldest later on as well; "from now on" is not.
                if not from_start:
                    raise
            yield subscription
        finally:
            await subscription.aclose()

    async def check(self) -> None:
        self._known.clear()
        await self._ensure(set(Topic))

    async def aclose(self) -> None:
        if self._publisher is not None:
            await asyncio.to_thread(self._publisher.close)
            self._publisher = None

    async def _ensure(self, topics: set[Topic]) -> None:
        if missing := topics - self._known:
            await asyncio.to_thread(ensure_topics, self._brokers, [self._brokers.topics[topic] for topic in missing])
            self._known |= missing
