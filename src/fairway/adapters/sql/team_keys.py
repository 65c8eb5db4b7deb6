"""Keys of teams in the ledger's database, sealed; its calls run in threads, as the ledger's do.

The rule not to break: a key is in the database only sealed, and bound to its team and row.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, bindparam, delete, select, text, update

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.key_tables import team_keys
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.urls import LedgerUrl
from fairway.domain.dispatch.team_keys import (
    KEY_BYTES,
    RANDOM_BITS,
    KeysOfTeam,
    TeamKey,
    good_keys,
    next_id,
    rotated,
    slug,
    told,
)

_NOT_SEALED = b""


class Box(Protocol):
    def seal(self, plain: bytes, place: str) -> bytes: ...

    def open(self, sealed: bytes, place: str) -> bytes: ...


class SqlTeamKeys:
    """See `services.hookd.ports.TeamKeys`. Made by `open_team_keys`, with a schema that fits."""

    def __init__(self, database: Database, box: Box, now: Callable[[], datetime]) -> None:
        self._database = database
        self._box = box
        self._now = now

    async def keys(self, team: str) -> list[bytes]:
        return await asyncio.to_thread(self._keys, slug(team))

    async def rotate(self, team: str, *, keep_old_for: float) -> bytes:
        return await asyncio.to_thread(self._rotate, slug(team), timedelta(seconds=keep_old_for))

    async def revoke(self, team: str) -> int:
        return await asyncio.to_thread(self._revoke, slug(team))

    async def teams(self) -> list[KeysOfTeam]:
        return await asyncio.to_thread(self._teams)

    async def close(self) -> None:
        await asyncio.to_thread(self._database.close)

    def _keys(self, team: str) -> list[bytes]:
        with self._database.reading() as connection:
            good = good_keys(_of(connection, team), self._now())
        return [self._box.open(one.key, _place(team, one.id)) for one in good]

    def _rotate(self, team: str, keep_old_for: timedelta) -> bytes:
        plain = secrets.token_bytes(KEY_BYTES)
        with self._database.writing() as connection:
            _alone(connection)
            known = _of(connection, team)
            now = self._now()
            id_ = next_id(known, now, secrets.randbits(RANDOM_BITS))
            new = TeamKey(id_, team, now, self._box.seal(plain, _place(team, id_)))
            _bring_to(connection, known, rotated(known, new, keep_old_for))
        return plain

    def _revoke(self, team: str) -> int:
        with self._database.writing() as connection:
            _alone(connection)
            good = good_keys(_of(connection, team), self._now())
            connection.execute(delete(team_keys).where(team_keys.c.team == team))
        return len(good)

    def _teams(self) -> list[KeysOfTeam]:
        wanted = select(team_keys.c.id, team_keys.c.team, team_keys.c.made_at, team_keys.c.until)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
        return told([TeamKey(**row, key=_NOT_SEALED) for row in rows], self._now())


def open_team_keys(url: LedgerUrl, box: Box, now: Callable[[], datetime]) -> SqlTeamKeys:
    """Connect and see that the schema fits. Blocks; raises `Transient`, `UserError` or `Refused`."""
    return SqlTeamKeys(open_database(url), box, now)


def _place(team: str, id_: str) -> str:
    return f"team_keys/{team}/{id_}"


def _alone(connection: Connection) -> None:
    """Two rotations at once would each leave a key that the other did not end. SQLite has locked its file already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE team_keys IN SHARE ROW EXCLUSIVE MODE"))


def _of(connection: Connection, team: str) -> list[TeamKey]:
    """With what is sealed in the place of the key."""
    rows = connection.execute(select(team_keys).where(team_keys.c.team == team)).mappings()
    return [TeamKey(row["id"], row["team"], row["made_at"], row["sealed"], row["until"]) for row in rows]


def _bring_to(connection: Connection, known: list[TeamKey], wanted: list[TeamKey]) -> None:
    before = {one.id for one in known}
    after = {one.id for one in wanted}
    if gone := before - after:
        connection.execute(delete(team_keys).where(team_keys.c.id.in_(gone)))
    if ended := [{"which": one.id, "then": one.until} for one in wanted if one.id in before]:
        changed = update(team_keys).where(team_keys.c.id == bindparam("which")).values(until=bindparam("then"))
        connection.execute(changed, ended)
    for one in wanted:
        if one.id not in before:
            row = {"id": one.id, "team": one.team, "made_at": one.made_at, "until": one.until, "sealed": one.key}
            connection.execute(team_keys.insert(), row)
