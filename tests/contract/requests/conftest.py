"""The three stores of requests: in memory, in a SQLite file, and in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.adapters.sql.requests import open_request_store
from fairway.adapters.sql.urls import read_ledger_url
from fairway.services.hookd.ports import RequestStore

Open = Callable[[], Awaitable[RequestStore]]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RequestStore]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryRequestStore(MemoryLedger())
        return
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened = await asyncio.to_thread(open_request_store, read_ledger_url(url))
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens the same database as often as it is called, as so many processes do."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened: list[RequestStore] = []

    async def open_one() -> RequestStore:
        opened.append(await asyncio.to_thread(open_request_store, read_ledger_url(url)))
        return opened[-1]

    yield open_one
    for one in opened:
        await one.close()
