"""Revisions in PostgreSQL: Helm's HELM_DRIVER=sql, the same tables and the same rows.

`create` is the lock: the primary key lets exactly one writer insert revision N+1. The rule not to break: a revision,
its labels and our notes change in one transaction. A record may be of any size here, so there are no parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Text, cast, delete, func, insert, literal_column, select, update
from sqlalchemy.exc import IntegrityError

from fairway.adapters.helm import storage_objects as stored
from fairway.adapters.helm.sql_database import RecordDatabase
from fairway.adapters.helm.sql_tables import labels, notes, releases
from fairway.domain.errors import Terminal
from fairway.domain.kube_errors import AlreadyExists
from fairway.domain.releases.record import decode, encode
from fairway.domain.releases.revision import Revision, RevisionSummary

_XMIN: Any = cast(literal_column("releases_v1.xmin"), Text).label("row_version")
"""PostgreSQL's own number of the transaction that wrote the row: another one after each change, by whomever."""
_WITH_NOTES = releases.outerjoin(
    notes, (notes.c.key == releases.c.key) & (notes.c.namespace == releases.c.namespace)
)  # fmt: skip


class SqlRevisionStore:
    """See `services.engine.ports.RevisionStore`."""

    def __init__(self, connection_string: str, *, now: Callable[[], datetime]) -> None:
        """Nothing is connected yet. Raises `UserError` for a string that no database can be reached by."""
        self._database = RecordDatabase(connection_string)
        self._now = now

    async def summaries(self, namespace: str | None, *, name: str = "") -> list[RevisionSummary]:
        return await asyncio.to_thread(self._summaries, namespace, name)

    async def read(self, namespace: str, name: str, version: int) -> Revision | None:
        return await asyncio.to_thread(self._read, namespace, stored.record_key(name, version))

    async def create(self, revision: Revision) -> None:
        await asyncio.to_thread(self._create, revision)

    async def update(self, revision: Revision) -> None:
        await asyncio.to_thread(self._update, revision)

    async def delete(self, namespace: str, name: str, version: int) -> None:
        await asyncio.to_thread(self._delete, namespace, stored.record_key(name, version))

    async def close(self) -> None:
        await asyncio.to_thread(self._database.close)

    def _summaries(self, namespace: str | None, name: str) -> list[RevisionSummary]:
        r = releases.c
        wanted = (
            select(r.key, r.name, r.namespace, r.version, r.status, r.createdat, r.modifiedat, notes.c.notes, _XMIN)
            .select_from(_WITH_NOTES)
            .where(r.owner == stored.OWNER)
            .order_by(r.namespace, r.name, r.version)
        )
        if namespace is not None:
            wanted = wanted.where(r.namespace == namespace)
        if name:
            wanted = wanted.where(r.name == name)
        with self._database.reading() as connection:
            return [_summary(row) for row in connection.execute(wanted)]

    def _read(self, namespace: str, key: str) -> Revision | None:
        r, of = releases.c, labels.c
        own = (
            select(func.jsonb_object_agg(of.key, of.value))
            .where(of.releasekey == key, of.releasenamespace == namespace, of.key.is_not(None))
            .scalar_subquery()
        )
        wanted = select(r.body, notes.c.notes, own.label("labels")).select_from(_WITH_NOTES)
        with self._database.reading() as connection:
            row = connection.execute(wanted.where(r.key == key, r.namespace == namespace)).one_or_none()
        if row is None:
            return None
        return replace(
            decode(row.body.encode()), labels=stored.own_labels(row.labels or {}), notes_to_self=row.notes or {}
        )

    def _create(self, revision: Revision) -> None:
        key = stored.record_key(revision.name, revision.version)
        body = encode(revision).decode()
        try:
            with self._database.writing() as connection:
                row = {
                    "key": key,
                    "type": stored.RECORD_TYPE,
                    "namespace": revision.namespace,
                    "createdat": self._stamp(),
                }
                connection.execute(insert(releases).values(**row, **_changing(revision, body)))
                _write_labels(connection, revision, key)
                _write_notes(connection, revision, key)
        except IntegrityError as error:
            raise AlreadyExists(
                f"revision {revision.version} of {revision.name} exists already", status=409, reason="AlreadyExists"
            ) from error

    def _update(self, revision: Revision) -> None:
        key = stored.record_key(revision.name, revision.version)
        body = encode(revision).decode()
        with self._database.writing() as connection:
            changed = connection.execute(
                update(releases)
                .where(releases.c.key == key, releases.c.namespace == revision.namespace)
                .values(modifiedat=self._stamp(), **_changing(revision, body))
            )
            if not changed.rowcount:
                raise Terminal(f"revision {revision.version} of {revision.name} is not stored")
            _forget_additions(connection, revision.namespace, key)
            _write_labels(connection, revision, key)
            _write_notes(connection, revision, key)

    def _delete(self, namespace: str, key: str) -> None:
        with self._database.writing() as connection:
            _forget_additions(connection, namespace, key)
            connection.execute(delete(releases).where(releases.c.key == key, releases.c.namespace == namespace))

    def _stamp(self) -> int:
        return int(self._now().timestamp())


def _changing(revision: Revision, body: str) -> dict[str, Any]:
    """What Helm writes again at each change."""
    return {
        "body": body,
        "name": revision.name,
        "version": revision.version,
        "status": revision.status.value,
        "owner": stored.OWNER,
    }


def _write_labels(connection: Connection, revision: Revision, key: str) -> None:
    rows = [
        {"releasekey": key, "releasenamespace": revision.namespace, "key": name, "value": value}
        for name, value in stored.own_labels(revision.labels).items()
    ]
    if rows:
        connection.execute(insert(labels), rows)


def _write_notes(connection: Connection, revision: Revision, key: str) -> None:
    if revision.notes_to_self:
        row = {"key": key, "namespace": revision.namespace, "notes": dict(revision.notes_to_self)}
        connection.execute(insert(notes).values(**row))


def _forget_additions(connection: Connection, namespace: str, key: str) -> None:
    of = labels.c
    connection.execute(delete(labels).where(of.releasekey == key, of.releasenamespace == namespace))
    connection.execute(delete(notes).where(notes.c.key == key, notes.c.namespace == namespace))


def _summary(row: Any) -> RevisionSummary:
    created = datetime.fromtimestamp(row.createdat, tz=UTC)
    return RevisionSummary(
        name=row.name,
        namespace=row.namespace,
        version=row.version,
        status=stored.status_of(row.status),
        modified=datetime.fromtimestamp(row.modifiedat, tz=UTC) if row.modifiedat else created,
        created=created,
        notes_to_self=row.notes or {},
        uid=f"{row.namespace}/{row.key}@{row.createdat}",
        resource_version=row.row_version,
    )
