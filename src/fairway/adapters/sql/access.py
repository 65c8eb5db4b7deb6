"""Team access and its trail in the ledger's database; calls run in threads, as the ledger's do.

The rule not to break: what is expected is compared by the statement that writes, so that of two at once one is told.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update

from fairway.adapters.sql.access_tables import access_changes, registrations
from fairway.adapters.sql.database import Database
from fairway.adapters.sql.inserting import inserting
from fairway.domain.access.names import team_slugs
from fairway.domain.access.registrations import AccessChange, ChangedMeanwhile, Registration
from fairway.domain.deployments.ids import encode


class SqlAccess:
    """Implements `services.access.ports.AccessStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, repository: str) -> Registration | None:
        return await asyncio.to_thread(_read, self._database, repository.lower())

    async def write(self, repository: str, teams: Sequence[str], *, expected: str | None) -> Registration | None:
        return await asyncio.to_thread(_write, self._database, repository, team_slugs(teams), expected)

    async def search(self, text: str, *, limit: int) -> list[Registration]:
        return await asyncio.to_thread(_search, self._database, text.strip().lower(), limit)


class SqlTrail:
    """Implements `services.access.ports.AuditTrail`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, change: AccessChange) -> str:
        return await asyncio.to_thread(_note, self._database, change, certain=False)

    async def settle(self, key: str, *, done: bool) -> None:
        await asyncio.to_thread(_settle, self._database, key, done)

    async def add(self, change: AccessChange) -> None:
        await asyncio.to_thread(_note, self._database, change, certain=change.certain)

    async def newest(self, *, repository: str = "", limit: int = 50) -> list[AccessChange]:
        return await asyncio.to_thread(_newest, self._database, repository.lower(), limit)


def _read(database: Database, key: str) -> Registration | None:
    with database.reading() as connection:
        row = connection.execute(select(registrations).where(registrations.c.key == key)).mappings().first()
    return _registration(row) if row else None


def _write(database: Database, repository: str, teams: tuple[str, ...], expected: str | None) -> Registration | None:
    key = repository.lower()
    table = registrations
    made = {"teams": list(teams), "words": "\n".join([key, *teams]).lower(), "version": secrets.token_hex(16)}
    with database.writing() as connection:
        seen = (table.c.key == key) & (table.c.version == expected)
        if expected is None and not teams:
            done = connection.execute(select(table.c.key).where(table.c.key == key)).first() is None
        elif expected is None:
            row = {"key": key, "repository": repository, **made}
            statement = inserting(connection, table).values(row).on_conflict_do_nothing().returning(table.c.key)
            done = connection.execute(statement).first() is not None
        elif not teams:
            done = connection.execute(delete(table).where(seen)).rowcount == 1
        else:
            done = connection.execute(update(table).where(seen).values(made)).rowcount == 1
        if not done:
            raise ChangedMeanwhile(f"the registration of {repository} was changed meanwhile", fix="look at it again")
        row_now = connection.execute(select(table).where(table.c.key == key)).mappings().first()
    return _registration(row_now) if row_now else None


def _search(database: Database, text: str, limit: int) -> list[Registration]:
    wanted = select(registrations).order_by(registrations.c.key).limit(limit)
    if text:
        wanted = wanted.where(registrations.c.words.contains(text, autoescape=True))
    with database.reading() as connection:
        return [_registration(row) for row in connection.execute(wanted).mappings()]


def _registration(row: Any) -> Registration:
    return Registration(row["repository"], tuple(row["teams"]), row["version"])


def _note(database: Database, change: AccessChange, *, certain: bool) -> str:
    key = encode(int(change.at.timestamp() * 1000), secrets.randbits(80))
    row = {
        "id": key,
        "at": change.at,
        "who": change.who,
        "key": change.repository.lower(),
        "repository": change.repository,
        "teams_before": list(change.before),
        "teams_after": list(change.after),
        "via": change.via,
        "certain": certain,
    }
    with database.writing() as connection:
        connection.execute(insert(access_changes).values(row))
    return key


def _settle(database: Database, key: str, done: bool) -> None:
    table = access_changes
    open_one = (table.c.id == key) & table.c.certain.is_(False)
    statement = update(table).where(open_one).values(certain=True) if done else delete(table).where(open_one)
    with database.writing() as connection:
        connection.execute(statement)


def _newest(database: Database, key: str, limit: int) -> list[AccessChange]:
    wanted = select(access_changes).order_by(access_changes.c.id.desc()).limit(limit)
    if key:
        wanted = wanted.where(access_changes.c.key == key)
    with database.reading() as connection:
        return [_change(row) for row in connection.execute(wanted).mappings()]


def _change(row: Any) -> AccessChange:
    return AccessChange(
        row["at"], row["who"], row["repository"], tuple(row["teams_before"]), tuple(row["teams_after"]), row["via"],
        row["certain"],
    )  # fmt: skip
