"""What the queue in the database promises beyond the port: it lasts, it tidies up, and it loses nothing to races."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import func, insert, select, text

from fairway.adapters.queue.sql import SqlQueue, open_sql_queue
from fairway.adapters.sql.database import Database
from fairway.adapters.sql.queue_tables import queue_groups, queue_messages, queue_settled
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.dispatch.messages import Message, Topic
from fairway.domain.errors import Transient

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WAIT = 30.0
Answer = TypeVar("Answer")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    found: str = request.getfixturevalue("postgresql_url")
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(read_ledger_url(url))
    yield opened
    opened.close()


async def open_queue(url: str, clock: Clock) -> SqlQueue:
    return await asyncio.to_thread(open_sql_queue, read_ledger_url(url), keep=7 * DAY, now=clock)


def message(body: str, topic: Topic = Topic.REQUESTS, key: str = "k") -> Message:
    return Message(topic, key, body.encode())


async def bodies(
    queue: SqlQueue, group: str = "g", topic: Topic = Topic.REQUESTS, *, settle: bool = False
) -> list[str]:
    async with queue.subscribe(topic, group) as subscription:
        received = await subscription.fetch(1000, timeout=0)
        if settle:
            await subscription.settle(received)
        return [one.body.decode() for one in received]


async def test_it_outlives_its_process(url: str, clock: Clock) -> None:
    queue = await open_queue(url, clock)
    await queue.publish([message("a"), message("b")])
    await queue.aclose()
    queue = await open_queue(url, clock)
    assert await bodies(queue, settle=True) == ["a", "b"]
    await queue.aclose()
    queue = await open_queue(url, clock)
    assert await bodies(queue) == []
    await queue.aclose()


async def test_many_publishers_at_once_lose_nothing_to_a_reader_who_is_ahead(url: str, clock: Clock) -> None:
    queues = [await open_queue(url, clock) for _ in range(4)]
    reader = await open_queue(url, clock)

    async def publish(number: int, queue: SqlQueue) -> None:
        for count in range(25):
            await queue.publish([message(str(count), key=f"key-{number}"), message("s", Topic.STATUSES)])

    came = defaultdict(list)
    async with reader.subscribe(Topic.REQUESTS, "g") as subscription:
        publishing = asyncio.gather(*(publish(number, queue) for number, queue in enumerate(queues)))
        while sum(map(len, came.values())) < 100:
            received = await subscription.fetch(7, timeout=WAIT)
            assert received, f"only {dict(came)} came"
            for one in received:
                came[one.key].append(int(one.body))
        await publishing
        assert await subscription.lag() == 0
    assert came == {f"key-{number}": list(range(25)) for number in range(4)}
    for queue in [*queues, reader]:
        await queue.aclose()


@pytest.mark.postgresql
async def test_who_publishes_waits_for_one_who_has_a_place_and_has_not_committed(
    postgresql_url: str, clock: Clock
) -> None:
    queue = await open_queue(postgresql_url, clock)
    other = Database(read_ledger_url(postgresql_url))
    row = {"topic": Topic.REQUESTS.value, "key": "k", "body": b"slow", "at": NOW}
    with other.writing() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:a, hashtext(:b))"), {"a": 0x71756575, "b": row["topic"]})
        connection.execute(insert(queue_messages).values(row))
        publishing = asyncio.create_task(queue.publish([message("quick")]))
        await queue.publish([message("s", Topic.STATUSES)])
        assert await bodies(queue, settle=True) == []
        assert not publishing.done()
    await publishing
    assert await bodies(queue) == ["slow", "quick"]
    other.close()
    await queue.aclose()


async def test_a_publisher_in_the_same_process_wakes_readers_of_another_queue_object(url: str, clock: Clock) -> None:
    hookd, deployd = await open_queue(url, clock), await open_queue(url, clock)
    async with deployd.subscribe(Topic.REQUESTS, "g") as subscription:
        waiting = asyncio.create_task(subscription.fetch(1, timeout=WAIT))
        await asyncio.sleep(0.05)
        await hookd.publish([message("a")])
        assert [one.body for one in await waiting] == [b"a"]
    await hookd.aclose()
    await deployd.aclose()


async def test_old_messages_go_settled_or_not_and_announcements_sooner(
    url: str, clock: Clock, database: Database
) -> None:
    queue = await open_queue(url, clock)
    await queue.publish([message("old"), message("old", Topic.ANNOUNCEMENTS)])
    clock.at = NOW + 2 * DAY
    await queue.publish([message("new"), message("new", Topic.ANNOUNCEMENTS)])
    await queue.check()
    assert await bodies(queue) == ["old", "new"]
    assert await bodies(queue, topic=Topic.ANNOUNCEMENTS) == ["new"]
    clock.at = NOW + 8 * DAY
    await queue.check()
    assert await bodies(queue) == ["new"]
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(queue_messages)).scalar_one() == 1
    await queue.aclose()


async def test_places_are_not_given_again_when_everything_was_deleted(url: str, clock: Clock) -> None:
    queue = await open_queue(url, clock)
    await queue.publish([message("old")])
    assert await bodies(queue, settle=True) == ["old"]
    clock.at = NOW + 6 * DAY
    assert await bodies(queue, settle=True) == []
    clock.at = NOW + 8 * DAY
    await queue.check()
    await queue.publish([message("new")])
    assert await bodies(queue) == ["new"]
    await queue.aclose()


async def test_groups_that_nobody_reads_for_are_forgotten_without_giving_anything_twice(
    url: str, clock: Clock, database: Database
) -> None:
    queue = await open_queue(url, clock)
    await queue.publish([message("a"), message("b"), message("c")])
    async with queue.subscribe(Topic.REQUESTS, "gone") as subscription:
        received = await subscription.fetch(10, timeout=0)
        await subscription.settle([received[0], received[2]])
    clock.at = NOW + 8 * DAY
    await queue.check()
    with database.reading() as connection:
        for table in (queue_groups, queue_settled):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
    await queue.publish([message("d")])
    assert await bodies(queue, "gone") == ["d"]
    await queue.aclose()


async def test_a_subscription_whose_group_was_forgotten_goes_on(url: str, clock: Clock) -> None:
    queue = await open_queue(url, clock)
    async with queue.subscribe(Topic.REQUESTS, "sleepy") as subscription:
        clock.at = NOW + 8 * DAY
        await queue.check()
        await queue.publish([message("a")])
        received = await subscription.fetch(1, timeout=WAIT)
        await subscription.settle(received)
    assert await bodies(queue, "sleepy") == []
    await queue.aclose()


async def test_what_was_settled_beyond_a_gap_takes_no_room_once_the_gap_is_closed(
    url: str, clock: Clock, database: Database
) -> None:
    queue = await open_queue(url, clock)
    await queue.publish([message(str(number)) for number in range(20)])
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        received = await subscription.fetch(20, timeout=0)
        await subscription.settle(received[1:])
        assert _settled(database) == 19
        await subscription.settle(received[:1])
        assert _settled(database) == 0
    assert await bodies(queue) == []
    await queue.aclose()


async def test_what_was_settled_beyond_a_gap_does_not_come_again(url: str, clock: Clock) -> None:
    queue = await open_queue(url, clock)
    await queue.publish([message(body) for body in "abcd"])
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        a, _, c, _ = await subscription.fetch(4, timeout=0)
        await subscription.settle([a, c])
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        assert await subscription.lag() == 2
        assert [one.body for one in await subscription.fetch(4, timeout=0)] == [b"b", b"d"]
    await queue.aclose()


def _settled(database: Database) -> int:
    with database.reading() as connection:
        count: int = connection.execute(select(func.count()).select_from(queue_settled)).scalar_one()
        return count


@pytest.mark.postgresql
async def test_connections_that_are_cut_lose_nothing(postgresql_url: str, clock: Clock) -> None:
    queue = await open_queue(postgresql_url, clock)
    async with queue.subscribe(Topic.REQUESTS, "g") as subscription:
        for number in range(5):
            await until_it_goes(lambda: _cut(postgresql_url))
            await until_it_goes(lambda number=number: queue.publish([message(str(number))]))
            received = await until_it_goes(lambda: subscription.fetch(1, timeout=WAIT))
            assert [one.body.decode() for one in received] == [str(number)]
            await until_it_goes(lambda: _cut(postgresql_url))
            await until_it_goes(lambda received=received: subscription.settle(received))
    assert await bodies(queue) == []
    await queue.aclose()


async def until_it_goes(act: Callable[[], Awaitable[Answer]]) -> Answer:
    async with asyncio.timeout(WAIT):
        while True:
            try:
                return await act()
            except Transient:
                await asyncio.sleep(0.1)


async def _cut(url: str) -> None:
    """All connections but the one that says so."""

    def cut() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    await asyncio.to_thread(cut)
