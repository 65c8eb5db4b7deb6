"""Brokers that go away and come back: nothing is lost, nothing doubled, and somebody is told meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

import pytest
from tests.support.brokers import brokers_at
from tests.support.kafka import Broker

from fairway.adapters.queue.kafka.queue import KafkaQueue
from fairway.domain.dispatch.messages import Message, Topic
from fairway.domain.errors import Transient
from fairway.services.queue.ports import Subscription

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]

WAIT = 60.0
KEYS = [f"prod/team-{number}" for number in range(4)]


async def publish(queue: KafkaQueue, bodies: range, pause: float) -> None:
    """One after another, each under the key that its number falls to."""
    for number in bodies:
        await queue.publish([Message(Topic.REQUESTS, KEYS[number % len(KEYS)], str(number).encode())])
        await asyncio.sleep(pause)


async def read(subscription: Subscription, count: int, *, settle: bool = True) -> dict[str, list[int]]:
    """Until so many came; brokers may be away for as long as they like."""
    came: dict[str, list[int]] = defaultdict(list)
    while sum(map(len, came.values())) < count:
        with suppress(Transient):
            received = await subscription.fetch(50, timeout=1)
            for one in received:
                came[one.key].append(int(one.body))
            while settle and received:
                try:
                    await subscription.settle(received)
                    break
                except Transient:
                    await asyncio.sleep(0.2)
    return came


async def nothing_comes(subscription: Subscription) -> None:
    """For as long as it is not told why."""
    while True:
        assert await subscription.fetch(1, timeout=0.5) == []


@pytest.mark.parametrize("end", [Broker.stop, Broker.kill], ids=["stopped", "killed"])
async def test_a_broker_that_restarts_in_the_middle_loses_and_doubles_nothing(
    broker: Broker, end: Callable[[Broker], None]
) -> None:
    queue = KafkaQueue(brokers_at(broker.address), patience=60)
    await queue.check()
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        reading = asyncio.create_task(read(subscription, 120))
        publishing = asyncio.create_task(publish(queue, range(120), 0.02))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(end, broker)
        await asyncio.sleep(0.5)
        assert not publishing.done()
        await asyncio.to_thread(broker.start)
        async with asyncio.timeout(WAIT):
            await publishing
            came = await reading
        assert came == {key: list(range(place, 120, len(KEYS))) for place, key in enumerate(KEYS)}
        assert await subscription.fetch(10, timeout=1) == []
        assert await subscription.lag() == 0
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        assert await subscription.fetch(10, timeout=1) == [], "everything was settled"
    await queue.aclose()


async def test_while_it_is_away_everybody_is_told_to_wait_and_goes_on_after_that(broker: Broker) -> None:
    queue = KafkaQueue(brokers_at(broker.address), patience=2)
    await queue.publish([Message(Topic.REQUESTS, "k", b"0"), Message(Topic.REQUESTS, "k", b"1")])
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        received = []
        while len(received) < 2:
            received += await subscription.fetch(2, timeout=WAIT)
        await asyncio.to_thread(broker.kill)
        with pytest.raises(Transient, match="can't be reached"):
            await nothing_comes(subscription)
        with pytest.raises(Transient):
            await subscription.lag()
        with pytest.raises(Transient):
            await subscription.settle(received)
        with pytest.raises(Transient):
            await queue.publish([Message(Topic.REQUESTS, "k", b"lost?")])
        with pytest.raises(Transient):
            await queue.check()
        await asyncio.to_thread(broker.start)
        await subscription.settle(received)
        await queue.publish([Message(Topic.REQUESTS, "k", b"2")])
        came = await asyncio.wait_for(read(subscription, 1, settle=False), WAIT)
        assert came == {"k": [2]}
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        assert await asyncio.wait_for(read(subscription, 1), WAIT) == {"k": [2]}, "the others were settled"
    await queue.aclose()


async def test_who_comes_while_it_is_away_begins_when_it_is_back(broker: Broker) -> None:
    queue = KafkaQueue(brokers_at(broker.address))
    await queue.publish([Message(Topic.REQUESTS, "k", b"0")])
    await asyncio.to_thread(broker.stop)
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        with pytest.raises(Transient):
            await subscription.fetch(1, timeout=0.1)
        await asyncio.to_thread(broker.start)
        assert await asyncio.wait_for(read(subscription, 1), WAIT) == {"k": [0]}
    await asyncio.to_thread(broker.stop)
    with pytest.raises(Transient):
        async with queue.subscribe(Topic.REQUESTS, "from-now-on", from_start=False):
            pass
    await queue.aclose()


async def test_what_the_client_library_says_is_in_our_log(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    queue = KafkaQueue(brokers_at("127.0.0.1:1"), patience=1)
    with pytest.raises(Transient, match=r"Kafka at 127\.0\.0\.1:1 can't be reached: .*onnect"):
        await queue.check()
    said = [record.__dict__["said"] for record in caplog.records if record.getMessage() == "queue.kafka"]
    assert any("127.0.0.1:1" in line for line in said)
    await queue.aclose()
