"""A reader that is killed: the next of its group goes on with the first message that was not settled."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.brokers import topic_names
from tests.support.queue_reader import GROUP, queue_at

from fairway.domain.dispatch.messages import Message, Topic

ROOT = Path(__file__).parents[3]
WAIT = 60.0


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.xdist_group("kafka")]),
    ]
)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A queue that several processes can reach."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "kafka":
        return f"kafka:{request.getfixturevalue('kafka').address}:{topic_names()[Topic.REQUESTS]}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@asynccontextmanager
async def reader(where: str, settle: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.queue_reader", where, str(settle)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def lines(process: asyncio.subprocess.Process, count: int) -> list[str]:
    assert process.stdout is not None
    async with asyncio.timeout(WAIT):
        return [(await process.stdout.readline()).decode().strip() for _ in range(count)]


async def test_what_it_had_not_settled_comes_to_the_next(where: str) -> None:
    queue = await asyncio.to_thread(queue_at, where)
    await queue.publish([Message(Topic.REQUESTS, "prod/aura", str(number).encode()) for number in range(6)])
    async with reader(where, settle=2) as first:
        assert await lines(first, 5) == ["0", "settled 0", "1", "settled 1", "2"]
        first.kill()
        await first.wait()
    await queue.publish([Message(Topic.REQUESTS, "prod/aura", b"6")])
    async with reader(where, settle=5) as second:
        expected = [line for number in range(2, 7) for line in (str(number), f"settled {number}")]
        assert await lines(second, 10) == expected
        second.kill()
        await second.wait()
    async with queue.subscribe(Topic.REQUESTS, GROUP) as subscription:
        assert await subscription.fetch(10, timeout=1) == []
        assert await subscription.lag() == 0
    await queue.aclose()


async def test_another_process_hears_what_this_one_publishes(where: str) -> None:
    queue = await asyncio.to_thread(queue_at, where)
    await queue.publish([Message(Topic.REQUESTS, "k", b"first")])
    async with reader(where, settle=100) as process:
        assert await lines(process, 2) == ["first", "settled first"]
        for number in range(5):
            await queue.publish([Message(Topic.REQUESTS, "k", str(number).encode())])
            assert await lines(process, 2) == [str(number), f"settled {number}"]
    await queue.aclose()
