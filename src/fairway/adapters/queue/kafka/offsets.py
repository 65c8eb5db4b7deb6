"""Where the partitions of a topic begin and end, and how far a group is. Blocks.

All of it is asked as an administrator asks, since a Consumer is its reader's alone: confluent-kafka holds a lock for as
long as a poll lasts, and a thread that polls again and again lets no other in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import ParamSpec, TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions as GroupPartitions
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import EarliestSpec, LatestSpec, OffsetSpec
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
_EARLIEST = EarliestSpec()  # type: ignore[no-untyped-call]
_LATEST = LatestSpec()  # type: ignore[no-untyped-call]
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
        self._group = group
        self._trouble = Trouble()
        self._admin = AdminClient(brokers.settings(self._trouble))

    def partitions(self) -> list[int]:
        """Those of the topic, which is made when it is missing and that is allowed."""
        found = self._asked(self._described)
        if found.error is not None and found.error.code() in UNKNOWN_TOPIC:
            ensure_topics(self._brokers, [self._name])
            found = self._asked(self._described)
        if found.error is not None:
            raise translated(self._brokers, found.error, self._trouble)
        return sorted(found.partitions)

    def firsts(self, partitions: Collection[int]) -> dict[int, int]:
        """By partition, the oldest that is kept; where it is empty, the next."""
        return self._asked(self._listed, partitions, _EARLIEST)

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """By partition, the one that the next message will have."""
        return self._asked(self._listed, partitions, _LATEST)

    def committed(self, partitions: Collection[int]) -> dict[int, int]:
        """By partition, where the group goes on; those where it was never are left out."""
        return self._asked(self._positions, partitions)

    def commit(self, positions: Mapping[int, int]) -> None:
        """Durable when it returns."""
        if positions:
            self._asked(self._alter, positions)

    def _described(self) -> TopicMetadata:
        return self._admin.list_topics(self._name, timeout=ANSWER_SECONDS).topics[self._name]

    def _listed(self, partitions: Collection[int], which: OffsetSpec) -> dict[int, int]:
        if not partitions:
            return {}
        wanted = {TopicPartition(self._name, partition): which for partition in partitions}
        answers = self._admin.list_offsets(wanted, request_timeout=ANSWER_SECONDS)
        return {asked.partition: answer.result().offset for asked, answer in answers.items()}

    def _positions(self, partitions: Collection[int]) -> dict[int, int]:
        wanted = GroupPartitions(self._group, [TopicPartition(self._name, partition) for partition in partitions])
        (answer,) = self._admin.list_consumer_group_offsets([wanted], request_timeout=ANSWER_SECONDS).values()
        return {one.partition: one.offset for one in _checked(answer.result()) if one.offset >= 0}

    def _alter(self, positions: Mapping[int, int]) -> None:
        moved = [TopicPartition(self._name, partition, at) for partition, at in positions.items()]
        wanted = [GroupPartitions(self._group, moved)]
        (answer,) = self._admin.alter_consumer_group_offsets(wanted, request_timeout=ANSWER_SECONDS).values()
        _checked(answer.result())

    def _asked(self, question: Callable[_P, _Answer], *words: _P.args, **more: _P.kwargs) -> _Answer:
        """Again for some seconds while the brokers are deciding who leads."""
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                answer = question(*words, **more)
            except KafkaException as error:
                if error_of(error).code() in _SETTLING_DOWN and time.monotonic() < until:
                    time.sleep(0.1)
                    continue
                # What the client complained of meanwhile is told when it is polled.
                self._admin.poll(0)
                raise translated(self._brokers, error_of(error), self._trouble) from None
            self._trouble.over()
            return answer


def _checked(answered: GroupPartitions) -> list[TopicPartition]:
    partitions: list[TopicPartition] = answered.topic_partitions or []
    for one in partitions:
        if one.error is not None:
            raise KafkaException(one.error)
    return partitions
