"""The queues: in memory, in a SQLite file, in a real PostgreSQL, at a real Kafka broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.brokers import brokers_at

from fairway.adapters.queue.kafka.queue import KafkaQueue
from fairway.adapters.queue.memory import MemoryQueue
from fairway.adapters.queue.sql import open_sql_queue
from fairway.adapters.sql.urls import read_ledger_url
from fairway.services.queue.ports import Queue
from fairway.wiring.clock import now

KEEP = timedelta(days=7)


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.xdist_group("kafka")]),
    ]
)
async def queue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Queue]:
    """An empty queue of each kind."""
    if request.param == "memory":
        yield MemoryQueue()
        return
    if request.param == "kafka":
        opened = KafkaQueue(brokers_at(request.getfixturevalue("kafka").address))
        yield opened
        await opened.aclose()
        return
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    kept = await asyncio.to_thread(open_sql_queue, read_ledger_url(url), keep=KEEP, now=now)
    yield kept
    await kept.aclose()
