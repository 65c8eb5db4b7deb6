"""What a deployd has begun and how it ended, in the ledger's database or in a file of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, delete, select

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.inserting import inserting
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.taken_tables import taken as table
from fairway.adapters.sql.urls import LedgerUrl
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import DeploymentStatus, ReportedState
from fairway.domain.dispatch.taken import Taken

_KEY = ("cluster", "delivery_id")


class SqlOutcomes:
    """Implements `services.deployd.ports.Outcomes` for one cluster. Made by `open_outcomes`; calls run in threads."""

    def __init__(self, database: Database, cluster: str) -> None:
        self._database = database
        self._cluster = cluster
        self._waiting: list[tuple[Taken, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def find(self, delivery_id: str) -> Taken | None:
        return await asyncio.to_thread(self._find, delivery_id)

    async def save(self, taken: Taken) -> None:
        """What comes while another transaction is written goes into the next one, together."""
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((taken, saved))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await saved

    async def unreported(self) -> list[Taken]:
        return await asyncio.to_thread(self._unreported)

    async def forget(self, before: datetime) -> int:
        return await asyncio.to_thread(self._forget, before)

    async def close(self) -> None:
        if self._writing is not None:
            await self._writing
        await asyncio.to_thread(self._database.close)

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                await asyncio.to_thread(self._save, [taken for taken, _ in batch])
            except Exception as failure:
                error = failure
            for _, saved in batch:
                if saved.done():
                    continue
                if error is None:
                    saved.set_result(None)
                else:
                    saved.set_exception(error)

    def _find(self, delivery_id: str) -> Taken | None:
        wanted = select(table).where(self._mine(), table.c.delivery_id == delivery_id)
        with self._database.reading() as connection:
            row = connection.execute(wanted).mappings().one_or_none()
        return None if row is None else _taken_of(row)

    def _save(self, batch: Sequence[Taken]) -> None:
        rows = [_row(self._cluster, taken) for taken in batch]
        told = [{"told": taken.delivery_id} for taken in batch if taken.reported]
        with self._database.writing() as connection:
            insert = inserting(connection, table)
            progress = {name: insert.excluded[name] for name in rows[0] if name not in _KEY}
            connection.execute(
                insert.on_conflict_do_update(index_elements=_KEY, set_=progress, where=table.c.ended.is_(False)), rows
            )
            if told:
                known = and_(self._mine(), table.c.delivery_id == bindparam("told"), table.c.ended.is_(True))
                connection.execute(table.update().where(known).values(reported=True), told)

    def _unreported(self) -> list[Taken]:
        wanted = select(table).where(self._mine(), table.c.ended.is_(True), table.c.reported.is_(False))
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(table.c.at, table.c.delivery_id)).mappings()
            return [_taken_of(row) for row in rows]

    def _forget(self, before: datetime) -> int:
        old = delete(table).where(self._mine(), table.c.reported.is_(True), table.c.at < before)
        with self._database.writing() as connection:
            return connection.execute(old).rowcount

    def _mine(self) -> ColumnElement[bool]:
        return table.c.cluster == self._cluster


def open_outcomes(url: LedgerUrl, cluster: str) -> SqlOutcomes:
    """Connect and see that the schema fits. Blocks; raises `Transient`, `UserError` or `Refused`."""
    return SqlOutcomes(open_database(url), cluster)


def _row(cluster: str, taken: Taken) -> dict[str, Any]:
    return {
        "cluster": cluster,
        "delivery_id": taken.delivery_id,
        "at": taken.at,
        "applied": list(taken.applied),
        "watching_since": taken.watching_since,
        "outcome": {} if taken.outcome is None else _plain(taken.outcome),
        "ended": taken.outcome is not None,
        "reported": taken.reported,
    }


def _taken_of(row: RowMapping) -> Taken:
    return Taken(
        row["delivery_id"],
        row["at"],
        tuple(row["applied"]),
        row["watching_since"],
        _status_of(row["outcome"]) if row["ended"] else None,
        row["reported"],
    )


def _plain(status: DeploymentStatus) -> dict[str, Any]:
    return {
        "delivery_id": status.delivery_id,
        "owner": status.repository.owner,
        "name": status.repository.name,
        "deployment_id": status.deployment_id,
        "state": status.state.value,
        "description": status.description,
        "team": status.team,
        "cluster": status.cluster,
        "at": status.at.isoformat(),
        "detail": status.detail,
    }


def _status_of(plain: Mapping[str, Any]) -> DeploymentStatus:
    return DeploymentStatus(
        plain["delivery_id"],
        RepositoryName(plain["owner"], plain["name"]),
        plain["deployment_id"],
        ReportedState(plain["state"]),
        plain["description"],
        plain["team"],
        plain["cluster"],
        datetime.fromisoformat(plain["at"]),
        plain["detail"],
    )
