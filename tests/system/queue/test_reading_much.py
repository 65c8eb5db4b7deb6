"""Topics that are longer than what a reader holds, and topics that change under it."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Sequence

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions
from tests.support.brokers import brokers_at
from tests.support.kafka import Broker

from fairway.adapters.queue.kafka.queue import KafkaQueue
from fairway.adapters.queue.kafka.reading import BUFFER
from fairway.domain.dispatch.messages import Message, Received, Topic
from fairway.services.queue.ports import Subscription

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]

WAIT = 60.0


def messages(numbers: range, keys: int = 5) -> list[Message]:
    return [Message(Topic.REQUESTS, f"key-{number % keys}", str(number).encode()) for number in numbers]


async def fetch(subscription: Subscription, count: int) -> list[Received]:
    found: list[Received] = []
    async with asyncio.timeout(WAIT):
        while len(found) < count:
            found += await subscription.fetch(count - len(found), timeout=5)
    return found


def by_key(received: Sequence[Received]) -> dict[str, list[int]]:
    came: dict[str, list[int]] = defaultdict(list)
    for one in received:
        came[one.key].append(int(one.body))
    return came


async def test_more_than_a_reader_holds_comes_whole_and_in_order(broker: Broker) -> None:
    count = 3 * BUFFER
    queue = KafkaQueue(brokers_at(broker.address))
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        await queue.publish(messages(range(count)))
        first = await fetch(subscription, 10)
        # Long enough for the reader to fill up, and to stop.
        await asyncio.sleep(2)
        assert await subscription.lag() == count - 10
        received = first + await fetch(subscription, count - 10)
        assert by_key(received) == {f"key-{key}": list(range(key, count, 5)) for key in range(5)}
        await subscription.settle(received)
        assert await subscription.lag() == 0
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        assert await subscription.fetch(1, timeout=1) == []
    await queue.aclose()


async def test_large_messages_fill_the_buffer_by_their_bytes(broker: Broker) -> None:
    queue = KafkaQueue(brokers_at(broker.address))
    body = bytes(4_000_000)
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        for _ in range(20):
            await queue.publish([Message(Topic.REQUESTS, "k", body)])
        assert [len(one.body) for one in await fetch(subscription, 20)] == [len(body)] * 20
    await queue.aclose()


async def test_partitions_that_are_added_are_read_from_their_beginning(broker: Broker) -> None:
    brokers = brokers_at(broker.address, partitions=1)
    queue = KafkaQueue(brokers, upkeep=0.5)
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        await queue.publish(messages(range(10)))
        received = await fetch(subscription, 10)
        name = brokers.topics[Topic.REQUESTS]
        admin = AdminClient({"bootstrap.servers": broker.address})
        admin.create_partitions([NewPartitions(name, 4)])[name].result()
        await queue.aclose()
        await queue.publish(messages(range(100, 140), keys=40))
        received += await fetch(subscription, 40)
        assert sorted(int(one.body) for one in received) == [*range(10), *range(100, 140)]
        assert len({one.token[0] for one in received if isinstance(one.token, tuple)}) == 4
        await subscription.settle(received)
        assert await subscription.lag() == 0
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        assert await subscription.fetch(1, timeout=1) == []
    await queue.aclose()


async def test_what_was_deleted_before_it_was_read_is_passed_over(broker: Broker) -> None:
    brokers = brokers_at(broker.address, partitions=1)
    queue = KafkaQueue(brokers)
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        await queue.publish(messages(range(10)))
        await subscription.settle(await fetch(subscription, 2))
    admin = AdminClient({"bootstrap.servers": broker.address})
    deleted = TopicPartition(brokers.topics[Topic.REQUESTS], 0, 6)
    admin.delete_records([deleted])[deleted].result()
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        assert await subscription.lag() == 4
        assert [int(one.body) for one in await fetch(subscription, 4)] == [6, 7, 8, 9]
    await queue.aclose()


async def test_a_topic_that_was_deleted_and_made_again_is_read_from_its_beginning(broker: Broker) -> None:
    brokers = brokers_at(broker.address, partitions=1)
    queue = KafkaQueue(brokers)
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        await queue.publish(messages(range(10)))
        await subscription.settle(await fetch(subscription, 10))
    name = brokers.topics[Topic.REQUESTS]
    admin = AdminClient({"bootstrap.servers": broker.address})
    admin.delete_topics([name])[name].result()
    await queue.aclose()
    queue = KafkaQueue(brokers)
    await queue.check()
    await queue.publish(messages(range(100, 103)))
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        assert [int(one.body) for one in await fetch(subscription, 3)] == [100, 101, 102]
    await queue.aclose()


async def test_positions_that_do_not_move_are_committed_again_before_brokers_forget_them(broker: Broker) -> None:
    brokers = brokers_at(broker.address, partitions=2)
    group = f"quiet-{uuid.uuid4().hex}"
    queue = KafkaQueue(brokers, remember=0)
    async with queue.subscribe(Topic.REQUESTS, group) as subscription:
        assert positions(broker, group) == {}
        assert await subscription.fetch(1, timeout=0.1) == []
        assert positions(broker, group) == {0: 0, 1: 0}
    await queue.aclose()


def positions(broker: Broker, group: str) -> dict[int, int]:
    admin = AdminClient({"bootstrap.servers": broker.address})
    (answer,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
    return {one.partition: one.offset for one in answer.result().topic_partitions or []}
