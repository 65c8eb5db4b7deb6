"""What is written arrives as it was meant, and what nobody of us wrote is passed over."""

from __future__ import annotations

import logging

import pytest
from tests.support.dispatching import announcement, request, status

from fairway.adapters.queue.memory import MemoryQueue
from fairway.domain.dispatch.sealing import Seal
from fairway.domain.dispatch.statuses import DeploymentStatus
from fairway.domain.dispatch.wire import Unsendable, encode_status
from fairway.services.queue.correspondence import LONGEST_DETAIL, Correspondence, Letter
from fairway.services.queue.options import QueueOptions, Sasl, Tls
from fairway.services.queue.ports import Message, Topic

KEY = b"a key"


class Rejections(list[tuple[Topic, str]]):
    def __call__(self, topic: Topic, reason: str) -> None:
        self.append((topic, reason))


@pytest.fixture
def rejected() -> Rejections:
    return Rejections()


@pytest.fixture
def correspondence(rejected: Rejections) -> Correspondence:
    return Correspondence(MemoryQueue(), Seal([KEY]), rejected)


async def letters(correspondence: Correspondence, topic: Topic) -> list[tuple[str, Letter | None]]:
    async with correspondence.subscribe(topic, "a group") as subscription:
        received = await subscription.fetch(100, timeout=0)
        await subscription.settle(received)
        return [(one.key, correspondence.open(one)) for one in received]


async def test_a_request_goes_through(correspondence: Correspondence) -> None:
    sealed = correspondence.seal_request(request())
    await correspondence.send_sealed([(request().key, sealed), ("other", sealed)])
    assert await letters(correspondence, Topic.REQUESTS) == [("prod/aura", request()), ("other", request())]


async def test_statuses_go_through_under_the_key_of_their_request(correspondence: Correspondence) -> None:
    await correspondence.send_statuses([status(), status("d-2", detail="more")])
    assert await letters(correspondence, Topic.STATUSES) == [
        (request().key, status()),
        (request().key, status("d-2", detail="more")),
    ]


async def test_an_outcome_is_told_however_much_there_is_to_say(correspondence: Correspondence) -> None:
    await correspondence.send_statuses([status(detail="ä" * 9_000_000)])
    ((_, told),) = await letters(correspondence, Topic.STATUSES)
    assert isinstance(told, DeploymentStatus)
    assert told.state == status().state
    assert told.detail.startswith("ä" * LONGEST_DETAIL)
    assert told.detail.endswith("\n… cut off after 200,000 characters")


async def test_an_announcement_goes_through(correspondence: Correspondence) -> None:
    await correspondence.announce(announcement())
    assert await letters(correspondence, Topic.ANNOUNCEMENTS) == [("prod", announcement())]


async def test_bad_messages_are_counted_logged_and_passed_over(
    correspondence: Correspondence, rejected: Rejections, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    good = Seal([KEY]).seal(encode_status(status()))
    bad = [b"", b"garbage", Seal([b"another"]).seal(encode_status(status())), Seal([KEY]).seal(b""), good[:-1]]
    await correspondence.queue.publish([Message(Topic.STATUSES, "k", body) for body in [*bad, good]])
    opened = [letter for _, letter in await letters(correspondence, Topic.STATUSES)]
    assert opened == [None] * len(bad) + [status()]
    assert rejected == [
        (Topic.STATUSES, "not_ours"),
        (Topic.STATUSES, "not_ours"),
        (Topic.STATUSES, "not_ours"),
        (Topic.STATUSES, "unreadable"),
        (Topic.STATUSES, "not_ours"),
    ]
    assert [record.getMessage() for record in caplog.records] == ["queue.rejected"] * len(bad)
    assert {record.__dict__["reason"] for record in caplog.records} == {"not_ours", "unreadable"}


async def test_a_message_that_was_moved_to_another_topic_is_passed_over(
    correspondence: Correspondence, rejected: Rejections
) -> None:
    sealed = correspondence.seal_request(request())
    await correspondence.queue.publish(
        [Message(Topic.STATUSES, "k", sealed), Message(Topic.ANNOUNCEMENTS, "k", sealed)]
    )
    assert await letters(correspondence, Topic.STATUSES) == [("k", None)]
    assert await letters(correspondence, Topic.ANNOUNCEMENTS) == [("k", None)]
    assert rejected == [(Topic.STATUSES, "unreadable"), (Topic.ANNOUNCEMENTS, "unreadable")]


def test_a_request_that_the_queue_would_not_take_is_refused_at_once(rejected: Rejections) -> None:
    small = Correspondence(MemoryQueue(), Seal([KEY]), rejected, largest=500)
    small.seal_request(request(resources=()))
    with pytest.raises(Unsendable, match=r"the request is [\d,]+ bytes as a message; the queue takes 500"):
        small.seal_request(request(resources=({"data": "x" * 500},)))


def test_a_request_that_would_arrive_as_another_is_refused_at_once(correspondence: Correspondence) -> None:
    with pytest.raises(Unsendable, match=r"resources\[0\]\.spec\.big"):
        correspondence.seal_request(request(resources=({"spec": {"big": 2**53 + 1}},)))


def test_options_show_no_secret() -> None:
    options = QueueOptions(
        brokers=("a:9092",),
        hmac_keys=(b"hunter2",),
        encryption_keys=(b"hunter2" * 4,),
        sasl=Sasl("anna", "hunter2"),
        tls=Tls(),
    )
    assert "hunter2" not in repr(options)
    assert "anna" in repr(options)


def test_topics_have_the_names_of_the_options() -> None:
    assert [QueueOptions().name_of(topic) for topic in Topic] == [topic.value for topic in Topic]
    named = QueueOptions(topic_requests="r", topic_statuses="s", topic_announcements="a")
    assert [named.name_of(topic) for topic in Topic] == ["r", "s", "a"]
