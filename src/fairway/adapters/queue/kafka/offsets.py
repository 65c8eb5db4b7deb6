"""Where the partitions of a topic begin and end, and how far a group is. Blocks.

It has a Consumer of its own that reads nothing. That of the reader can't be asked: confluent-kafka holds a lock for as
long as a poll lasts, and a thread that polls again and again lets no other in. An AdminClient could, but its requests
for offsets end the process by an assertion of librdkafka (2.16) when a broker goes away under them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import ParamSpec, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin._metadata import TopicMetadata

from fairway.adapters.queue.kafka.connection import (
    ANSWER_SECONDS,
    UNKNOWN_TOPIC,
    Brokers,
    Trouble,
    error_of,
    translated,
)
from fairway.adapters.queue.kafka.topics import ensure_topics

_P = ParamSpec("_P")
_Answer = TypeVar("_Answer")
_SETTLING_DOWN = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
}


class Offsets:
    """Of one topic and group. Its methods raise `Transient`, or what somebody has to set right."""

    def __init__(self, brokers: Brokers, name: str, group: str) -> None:
        self._brokers = brokers
        self._name = name
        self._trouble = Trouble()
        # The session's length is also how long a commit waits for the group's coordinator.
        self._consumer = brokers.client(
            Consumer,
            self._trouble,
            **{"group.id": group, "enable.auto.commit": False, "session.timeout.ms": int(ANSWER_SECONDS * 1000)},
        )
        self._one_at_a_time = threading.Lock()

    def partitions(self) -> list[int]:
        """Those of the topic, which is made when it is missing and that is allowed."""
        found = self._asked(self._described)
        if found.error is not None and found.error.code() in UNKNOWN_TOPIC:
            ensure_topics(self._brokers, [self._name])
            found = self._asked(self._described)
        if found.error is not None:
            raise translated(self._brokers, found.error, self._trouble)
        return sorted(found.partitions)

    def bounds(self, partition: int) -> tuple[int, int]:
        """The oldest that is kept, and the one that the next message will have."""
        first, end = self._asked(
            self._consumer.get_watermark_offsets,
            TopicPartition(self._name, partition),
            timeout=ANSWER_SECONDS,
            cached=False,
        )
        return first, end

    def committed(self, partitions: Collection[int]) -> dict[int, int]:
        """By partition, where the group goes on; those where it was never are left out."""
        wanted = [TopicPartition(self._name, partition) for partition in partitions]
        answered = self._asked(self._consumer.committed, wanted, timeout=ANSWER_SECONDS)
        return {one.partition: one.offset for one in answered if one.offset >= 0}

    def commit(self, positions: Mapping[int, int]) -> None:
        """Durable when it returns."""
        if positions:
            self._asked(self._commit, positions)

    def close(self) -> None:
        self._consumer.close()

    def _described(self) -> TopicMetadata:
        found: TopicMetadata = self._consumer.list_topics(self._name, timeout=ANSWER_SECONDS).topics[self._name]
        return found

    def _commit(self, positions: Mapping[int, int]) -> None:
        moved = [TopicPartition(self._name, partition, at) for partition, at in positions.items()]
        for one in self._consumer.commit(offsets=moved, asynchronous=False) or ():
            if one.error is not None:
                raise KafkaException(one.error)

    def _asked(self, question: Callable[_P, _Answer], *words: _P.args, **more: _P.kwargs) -> _Answer:
        """Again for some seconds while the brokers are deciding who leads."""
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                with self._one_at_a_time:
                    answer = question(*words, **more)
            except KafkaException as error:
                if error_of(error).code() in _SETTLING_DOWN and time.monotonic() < until:
                    time.sleep(0.1)
                    continue
                # What the client complained of meanwhile is told when it is polled.
                with self._one_at_a_time:
                    self._consumer.poll(0)
                raise translated(self._brokers, error_of(error), self._trouble) from None
            self._trouble.over()
            return answer
