"""The queues: in memory, in a SQLite file, in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from fairway.adapters.queue.memory import MemoryQueue
from fairway.adapters.queue.sql import open_sql_queue
from fairway.adapters.sql.urls import read_ledger_url
from fairway.services.queue.ports import Queue
from fairway.wiring.clock import now

KEEP = timedelta(days=7)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def queue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Queue]:
    """An empty queue of each kind."""
    if request.param == "memory":
        yield MemoryQueue()
        return
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened = await asyncio.to_thread(open_sql_queue, read_ledger_url(url), keep=KEEP, now=now)
    yield opened
    await opened.aclose()
