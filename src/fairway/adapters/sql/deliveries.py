"""The delivery log over a database; its calls run in threads, as the ledger's do."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, delete, select

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.inserting import save_row
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.tables import deliveries
from fairway.adapters.sql.urls import LedgerUrl
from fairway.domain.deployments.ids import LENGTH
from fairway.domain.notifications.delivery import Delivery, DeliveryQuery, DeliveryState
from fairway.domain.notifications.wire import attempt_as_plain, attempt_from_plain, event_as_plain, event_from_plain

_MANY = 500
"""Values of one IN; SQLite allows 32,766, older ones 999."""


class SqlDeliveryLog:
    """Made by `open_delivery_log`, with a schema that fits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, delivery: Delivery) -> None:
        await asyncio.to_thread(_save, self._database, delivery)

    async def find(self, query: DeliveryQuery) -> list[Delivery]:
        return await asyncio.to_thread(_read, self._database, _found(query))

    async def starting_with(self, prefix: str, *, limit: int) -> list[Delivery]:
        between = deliveries.c.id.between(prefix, prefix.ljust(LENGTH, "Z"))
        wanted = select(deliveries).where(between).order_by(deliveries.c.id).limit(limit)
        return await asyncio.to_thread(_read, self._database, wanted)

    async def references(self, channel: str, to: str, threads: Collection[str]) -> dict[str, Mapping[str, str]]:
        return await asyncio.to_thread(_references, self._database, channel, to, sorted(threads))

    async def forget(self, before: datetime) -> int:
        return await asyncio.to_thread(_forget, self._database, before)

    async def close(self) -> None:
        await asyncio.to_thread(self._database.close)


def open_delivery_log(url: LedgerUrl) -> SqlDeliveryLog:
    """Connect and see that the schema fits. Blocks; raises `Transient`, `UserError` or `Refused`."""
    return SqlDeliveryLog(open_database(url))


def _save(database: Database, delivery: Delivery) -> None:
    row = _row(delivery)
    with database.writing() as connection:
        save_row(connection, deliveries, row, ("id",))


def _found(query: DeliveryQuery) -> Select[Any]:
    wanted = select(deliveries).order_by(deliveries.c.id.desc()).limit(query.limit)
    if query.channel:
        wanted = wanted.where(deliveries.c.channel == query.channel)
    if query.states:
        wanted = wanted.where(deliveries.c.state.in_(sorted(query.states)))
    if query.before:
        wanted = wanted.where(deliveries.c.id < query.before)
    return wanted


def _read(database: Database, wanted: Select[Any]) -> list[Delivery]:
    with database.reading() as connection:
        return [_delivery(row) for row in connection.execute(wanted).mappings()]


def _references(database: Database, channel: str, to: str, threads: Sequence[str]) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    with database.reading() as connection:
        for start in range(0, len(threads), _MANY):
            wanted = (
                select(deliveries.c.thread, deliveries.c.reference)
                .where(deliveries.c.thread.in_(threads[start : start + _MANY]))
                .where(deliveries.c.channel == channel, deliveries.c.receiver == to)
                .where(deliveries.c.state == DeliveryState.DELIVERED.value)
                .order_by(deliveries.c.id)
            )
            for thread, reference in connection.execute(wanted):
                if reference:
                    found.setdefault(thread, reference)
    return found


def _forget(database: Database, before: datetime) -> int:
    with database.writing() as connection:
        return connection.execute(delete(deliveries).where(deliveries.c.at < before)).rowcount


def _row(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "at": delivery.at,
        "channel": delivery.channel,
        "receiver": delivery.to,
        "state": delivery.state.value,
        "thread": delivery.thread,
        "repeats": delivery.repeats,
        # PostgreSQL stores no NUL, in text and JSON alike.
        "payload": delivery.payload.replace("\0", "�"),
        "events": _storable([event_as_plain(one) for one in delivery.events]),
        "attempts": _storable([attempt_as_plain(one) for one in delivery.attempts]),
        "reference": _storable(dict(delivery.reference)),
    }


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\0", "�")
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        channel=row["channel"],
        to=row["receiver"],
        at=row["at"],
        state=DeliveryState(row["state"]),
        payload=row["payload"],
        events=tuple(event_from_plain(one) for one in row["events"]),
        attempts=tuple(attempt_from_plain(one) for one in row["attempts"]),
        reference=row["reference"],
        thread=row["thread"],
        repeats=row["repeats"],
    )
