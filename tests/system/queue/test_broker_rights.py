"""Logging in at brokers, trusting them, and making topics: what is wrong is said by its name, and no password."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
import trustme
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from tests.support.brokers import brokers_at
from tests.support.kafka import PASSWORD, USER, Broker

from fairway.adapters.queue.kafka.connection import Brokers
from fairway.adapters.queue.kafka.queue import KafkaQueue
from fairway.domain.dispatch.messages import Message, Topic
from fairway.domain.errors import UserError

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


async def goes_through(brokers: Brokers) -> None:
    queue = KafkaQueue(brokers)
    await queue.check()
    await queue.publish([Message(Topic.STATUSES, "k", b"body")])
    async with queue.subscribe(Topic.STATUSES, "hookd") as subscription:
        received = await subscription.fetch(1, timeout=30)
        assert [one.body for one in received] == [b"body"]
        await subscription.settle(received)
    await queue.aclose()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_a_login_over_tls(broker: Broker, mechanism: str) -> None:
    await goes_through(
        brokers_at(
            broker.login_address,
            username=USER,
            password=PASSWORD,
            mechanism=mechanism,
            tls=True,
            ca_file=str(broker.ca_file),
        )
    )


async def test_tls_without_login(broker: Broker) -> None:
    await goes_through(brokers_at(broker.tls_address, tls=True, ca_file=str(broker.ca_file)))


async def test_tls_that_takes_any_certificate(broker: Broker) -> None:
    await goes_through(brokers_at(broker.tls_address, tls=True, tls_insecure=True))


async def test_a_broker_of_an_unknown_authority_is_not_trusted(broker: Broker, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    queue = KafkaQueue(brokers_at(broker.tls_address, tls=True, ca_file=str(other)))
    with pytest.raises(UserError, match="is not trusted") as refused:
        await queue.check()
    assert "--kafka-tls-ca-file" in str(refused.value.fix)
    await queue.aclose()


async def test_a_wrong_password_is_told_and_is_nowhere_to_be_read(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    brokers = brokers_at(
        broker.login_address, username=USER, password="hunter2-hunter2", tls=True, ca_file=str(broker.ca_file)
    )
    queue = KafkaQueue(brokers, patience=3)
    with pytest.raises(UserError, match=f"refuses the login of {USER}") as refused:
        await queue.check()
    async with asyncio.timeout(30):
        with pytest.raises(UserError, match="refuses the login"):
            async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
                await subscription.fetch(1, timeout=0.1)
    await queue.aclose()
    told = f"{refused.value} {refused.value.fix} {brokers!r}" + str([vars(record) for record in caplog.records])
    assert "hunter2" not in told
    assert any(record.getMessage() == "queue.kafka" for record in caplog.records)


async def test_topics_are_made_as_the_options_say(broker: Broker) -> None:
    brokers = brokers_at(broker.address, partitions=4, largest_message=3_000_000)
    queue = KafkaQueue(brokers)
    await queue.check()
    admin = AdminClient({"bootstrap.servers": broker.address})
    for name in brokers.topics.values():
        assert len(admin.list_topics(name, timeout=10).topics[name].partitions) == 4
        resource = ConfigResource(ResourceType.TOPIC, name)
        settings = admin.describe_configs([resource])[resource].result()
        assert settings["retention.ms"].value == str(7 * 24 * 3600 * 1000)
        assert int(settings["max.message.bytes"].value) > 3_000_000
    await queue.aclose()


async def test_several_may_make_topics_at_once(broker: Broker) -> None:
    brokers = brokers_at(broker.address)
    queues = [KafkaQueue(brokers) for _ in range(3)]
    await asyncio.gather(*(queue.check() for queue in queues))
    await asyncio.gather(*(queue.aclose() for queue in queues))


async def test_topics_that_are_missing_are_named_where_they_may_not_be_made(broker: Broker) -> None:
    brokers = brokers_at(broker.address, create_topics=False)
    queue = KafkaQueue(brokers)
    with pytest.raises(UserError) as refused:
        await queue.check()
    assert all(name in str(refused.value) for name in brokers.topics.values())
    assert "--kafka-create-topics" in str(refused.value.fix)
    with pytest.raises(UserError, match="has no topic"):
        await queue.publish([Message(Topic.REQUESTS, "k", b"body")])
    with pytest.raises(UserError, match="has no topic"):
        async with queue.subscribe(Topic.REQUESTS, "deployd-prod"):
            pass
    listed = AdminClient({"bootstrap.servers": broker.address}).list_topics(timeout=10).topics
    assert not set(brokers.topics.values()) & set(listed)
    await queue.aclose()


async def test_what_is_larger_than_a_topic_takes_is_refused_by_name(broker: Broker) -> None:
    small = brokers_at(broker.address, largest_message=1000)
    queue = KafkaQueue(small)
    await queue.check()
    await queue.aclose()
    queue = KafkaQueue(brokers_at(broker.address, topics=small.topics), patience=5)
    with pytest.raises(UserError, match="does not take a message of that size") as refused:
        await queue.publish([Message(Topic.REQUESTS, "k", bytes(100_000))])
    assert "max.message.bytes" in str(refused.value.fix)
    await queue.publish([Message(Topic.REQUESTS, "k", b"small")])
    await queue.aclose()
