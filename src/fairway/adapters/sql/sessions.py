"""Sessions of the portal in the ledger's database; calls run in threads, as the ledger's do."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from fairway.adapters.sql.access_tables import portal_sessions
from fairway.adapters.sql.database import Database
from fairway.adapters.sql.inserting import inserting
from fairway.domain.access.people import SessionRow


class SqlSessions:
    """Implements `services.portal.ports.SessionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: SessionRow) -> bool:
        return await asyncio.to_thread(_add, self._database, row)

    async def get(self, key: str) -> SessionRow | None:
        return await asyncio.to_thread(_get, self._database, key)

    async def seen(self, key: str, at: datetime) -> None:
        await asyncio.to_thread(_change, self._database, key, {"seen_at": at})

    async def renewed(self, key: str, token: bytes) -> None:
        await asyncio.to_thread(_change, self._database, key, {"token": token})

    async def end(self, key: str, at: datetime) -> None:
        await asyncio.to_thread(_change, self._database, key, {"ends_at": at, "token": b""}, before=at)

    async def forget(self, before: datetime) -> int:
        return await asyncio.to_thread(_forget, self._database, before)


def _add(database: Database, row: SessionRow) -> bool:
    with database.writing() as connection:
        statement = inserting(connection, portal_sessions).values(asdict(row)).on_conflict_do_nothing()
        return connection.execute(statement.returning(portal_sessions.c.key)).first() is not None


def _get(database: Database, key: str) -> SessionRow | None:
    with database.reading() as connection:
        row = connection.execute(select(portal_sessions).where(portal_sessions.c.key == key)).mappings().first()
    return SessionRow(**row) if row else None


def _change(database: Database, key: str, values: dict[str, Any], before: datetime | None = None) -> None:
    statement = update(portal_sessions).where(portal_sessions.c.key == key).values(values)
    if before is not None:
        statement = statement.where(portal_sessions.c.ends_at > before)
    with database.writing() as connection:
        connection.execute(statement)


def _forget(database: Database, before: datetime) -> int:
    with database.writing() as connection:
        return connection.execute(delete(portal_sessions).where(portal_sessions.c.ends_at < before)).rowcount
