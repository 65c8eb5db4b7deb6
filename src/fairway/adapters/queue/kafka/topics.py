"""Topics: whether they are there, and making them where that is allowed. Blocks."""

from __future__ import annotations

import time
from collections.abc import Collection

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from fairway.adapters.queue.kafka.connection import (
    ANSWER_SECONDS,
    OVERHEAD,
    Brokers,
    Trouble,
    error_of,
    translated,
)
from fairway.domain.errors import Transient, UserError


def ensure_topics(brokers: Brokers, names: Collection[str]) -> None:
    """Raises `UserError` for missing ones that we may not make."""
    trouble = Trouble()
    admin = brokers.client(AdminClient, trouble)
    try:
        missing = sorted(set(names) - set(_ready(admin)))
        if missing:
            _make(admin, brokers, missing)
    except KafkaException as error:
        # What the client complained of meanwhile is told when it is asked for.
        admin.poll(0)
        raise translated(brokers, error_of(error), trouble) from None


def _make(admin: AdminClient, brokers: Brokers, names: Collection[str]) -> None:
    if not brokers.create_topics:
        raise UserError(
            f"{brokers.shown} has no topic {', '.join(names)}",
            fix="make them, or let Fairway do it: --kafka-create-topics",
        )
    settings = {
        "retention.ms": str(int(brokers.keep.total_seconds() * 1000)),
        "max.message.bytes": str(brokers.largest_message + OVERHEAD),
    }
    wanted = [NewTopic(name, brokers.partitions, brokers.replication, config=settings) for name in names]
    for made in admin.create_topics(wanted, operation_timeout=ANSWER_SECONDS).values():
        try:
            made.result()
        except KafkaException as error:
            # Others start at the same time.
            if error_of(error).code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    until = time.monotonic() + ANSWER_SECONDS
    while set(names) - set(ready := _ready(admin)) or not all(ready[name] for name in names):
        if time.monotonic() > until:
            raise Transient(f"{brokers.shown} is still making topics")
        time.sleep(0.05)


def _ready(admin: AdminClient) -> dict[str, bool]:
    """The topics that are there, and whether each of their partitions has a leader."""
    listed = admin.list_topics(timeout=ANSWER_SECONDS).topics
    return {
        name: all(partition.leader >= 0 for partition in topic.partitions.values())
        for name, topic in listed.items()
        if topic.error is None
    }
