"""The ledger port over a database. Its calls run in threads: the drivers block, and nothing here needs many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.reading import find, neighbours, starting_with
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.urls import LedgerUrl
from fairway.adapters.sql.writing import write
from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.query import Page, Query
from fairway.domain.deployments.record import StatusEntry, Story


class SqlLedger:
    """Made by `open_ledger`, with a schema that fits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, records: Sequence[Record]) -> list[StatusEntry]:
        return await asyncio.to_thread(write, self._database, records)

    async def find(self, query: Query) -> Page:
        return await asyncio.to_thread(find, self._database, query)

    async def starting_with(self, prefix: str, *, limit: int) -> list[Story]:
        return await asyncio.to_thread(starting_with, self._database, prefix, limit)

    async def neighbours(self, ids: Iterable[str]) -> set[str]:
        return await asyncio.to_thread(neighbours, self._database, tuple(ids))

    async def close(self) -> None:
        await asyncio.to_thread(self._database.close)


def open_ledger(url: LedgerUrl) -> SqlLedger:
    """Connect and see that the schema fits. Blocks; raises `Transient`, `UserError` or `Refused`."""
    return SqlLedger(open_database(url))
