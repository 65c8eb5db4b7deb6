"""Requests for deployments in the ledger's database; its calls run in threads, as the ledger's do.

The rule not to break: locks are taken on deployments first, then on requests, each in the order of their ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from fairway.adapters.sql import request_steps
from fairway.adapters.sql.database import Database
from fairway.adapters.sql.inserting import inserting
from fairway.adapters.sql.request_rows import repository_key, request_row
from fairway.adapters.sql.request_steps import locked, tracked_on
from fairway.adapters.sql.request_tables import clusters, requests
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.urls import LedgerUrl
from fairway.adapters.sql.writing import insert_on
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import Announcement
from fairway.domain.dispatch.tracking import NewRequest, Step, Stepped, ToPost, Tracked

_P = ParamSpec("_P")
_T = TypeVar("_T")


class SqlRequestStore:
    """See `services.hookd.ports.RequestStore`. Made by `open_request_store`, with a schema that fits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: Sequence[NewRequest]) -> set[str]:
        return await self._in_thread(_add, new)

    async def get(self, delivery_id: str) -> Tracked | None:
        found = await self._select(select(requests).where(requests.c.delivery_id == delivery_id))
        return found[0] if found else None

    async def find(
        self, *, repository: str = "", cluster: str = "", team: str = "", before: str = "", limit: int = 50
    ) -> list[Tracked]:
        wanted = select(requests).order_by(requests.c.deployment.desc()).limit(limit)
        if repository:
            wanted = wanted.where(requests.c.repository_key == repository_key(repository))
        if cluster:
            wanted = wanted.where(requests.c.cluster == cluster)
        if team:
            wanted = wanted.where(func.lower(requests.c.team) == team.lower())
        if before:
            wanted = wanted.where(requests.c.deployment < before)
        return await self._select(wanted)

    async def by_deployment(self, repository: RepositoryName, deployment_id: int) -> list[Tracked]:
        named = requests.c.repository_key == repository_key(str(repository)), requests.c.number == deployment_id
        return await self._select(select(requests).where(*named, requests.c.number > 0))

    async def unpublished(self, *, limit: int) -> list[tuple[str, str, bytes]]:
        return await self._in_thread(_unpublished, limit)

    async def published(self, delivery_ids: Collection[str], at: datetime) -> None:
        # `queued` is told from now on; who has gone further by now is owed already, or has been told.
        is_owed = (requests.c.number > 0) & requests.c.is_open & (requests.c.posted == "") & ~requests.c.post_ended
        values = {
            "published_at": func.coalesce(requests.c.published_at, at),
            "message": None,
            "owed": requests.c.owed | is_owed,
        }
        await self._in_thread(_update, delivery_ids, values)

    async def step(self, steps: Sequence[Step]) -> list[Stepped]:
        return await self._in_thread(request_steps.step, steps)

    async def unfinished(self, *, due: datetime | None = None) -> list[Tracked]:
        wanted = select(requests).where(requests.c.is_open).order_by(requests.c.deployment)
        return await self._select(wanted if due is None else wanted.where(requests.c.deadline <= due))

    async def succeeded(self, like: str) -> list[Tracked]:
        return await self._in_thread(_succeeded, like)

    async def to_post(self, *, limit: int, now: datetime, until: datetime) -> list[ToPost]:
        return await self._in_thread(request_steps.claim, limit, now, until)

    async def posted(self, delivery_id: str, state: State) -> None:
        await self._in_thread(request_steps.posted, delivery_id, state)

    async def post_failed(
        self, delivery_id: str, problem: str, *, again: datetime | None, was_refused: bool = False
    ) -> None:
        refusals = requests.c.post_refusals + int(was_refused)
        values: dict[str, Any] = {"post_problem": problem, "post_after": again, "post_refusals": refusals}
        if again is None:
            values |= {"post_ended": True, "owed": False}
        await self._in_thread(_update, [delivery_id], values)

    async def heard(self, announcement: Announcement) -> None:
        await self._in_thread(_heard, announcement)

    async def clusters(self) -> list[Announcement]:
        return await self._in_thread(_clusters)

    async def forget_clusters(self, before: datetime) -> None:
        await self._in_thread(_forget_clusters, before)

    async def counts(self) -> Mapping[str, int]:
        return await self._in_thread(_counts)

    async def close(self) -> None:
        await asyncio.to_thread(self._database.close)

    async def _select(self, wanted: Select[Any]) -> list[Tracked]:
        return await self._in_thread(_select, wanted)

    async def _in_thread(
        self, call: Callable[Concatenate[Database, _P], _T], *args: _P.args, **options: _P.kwargs
    ) -> _T:
        return await asyncio.to_thread(call, self._database, *args, **options)


def open_request_store(url: LedgerUrl) -> SqlRequestStore:
    """Connect and see that the schema fits. Blocks; raises `Transient`, `UserError` or `Refused`."""
    return SqlRequestStore(open_database(url, durable=True))


def _add(database: Database, new: Sequence[NewRequest]) -> set[str]:
    by_id: dict[str, NewRequest] = {}
    for one in new:
        by_id.setdefault(one.request.delivery_id, one)
    if not by_id:
        return set()
    # In one order everywhere, so that two writers can't wait for each other.
    rows = [request_row(by_id[id_]) for id_ in sorted(by_id)]
    with database.writing() as connection:
        insert = inserting(connection, requests).on_conflict_do_nothing().returning(requests.c.delivery_id)
        added = set(connection.execute(insert, rows).scalars())
        ours = [by_id[id_] for id_ in sorted(added)]
        insert_on(connection, [(one.run, one.deployment, one.entry) for one in ours])
    return added


def _select(database: Database, wanted: Select[Any]) -> list[Tracked]:
    with database.reading() as connection:
        return tracked_on(connection, wanted)


def _unpublished(database: Database, limit: int) -> list[tuple[str, str, bytes]]:
    columns = requests.c.delivery_id, requests.c.cluster, requests.c.team, requests.c.message
    wanted = select(*columns).where(requests.c.message.is_not(None)).order_by(requests.c.deployment).limit(limit)
    with database.reading() as connection:
        return [(id_, f"{cluster}/{team}", message) for id_, cluster, team, message in connection.execute(wanted)]


def _update(database: Database, delivery_ids: Collection[str], values: Mapping[str, Any]) -> None:
    if not delivery_ids:
        return
    with database.writing() as connection:
        ids = locked(connection, delivery_ids)
        connection.execute(update(requests).where(requests.c.delivery_id.in_(ids)).values(values))


def _succeeded(database: Database, like: str) -> list[Tracked]:
    line = requests.c.repository_key, requests.c.cluster, requests.c.namespace, requests.c.subject
    with database.reading() as connection:
        named = connection.execute(select(*line).where(requests.c.delivery_id == like)).one_or_none()
        if named is None:
            return []
        alike: list[ColumnElement[bool]] = [column == value for column, value in zip(line, named, strict=True)]
        wanted = select(requests).where(requests.c.stands, *alike).order_by(requests.c.deployment)
        return tracked_on(connection, wanted)


def _heard(database: Database, announcement: Announcement) -> None:
    row = {
        "cluster": announcement.cluster,
        "instance": announcement.instance,
        "version": announcement.version,
        "at": announcement.at,
    }
    with database.writing() as connection:
        insert = inserting(connection, clusters).values(row)
        newer = clusters.c.at < announcement.at
        changed = {"version": announcement.version, "at": announcement.at}
        connection.execute(
            insert.on_conflict_do_update(index_elements=["cluster", "instance"], set_=changed, where=newer)
        )


def _clusters(database: Database) -> list[Announcement]:
    with database.reading() as connection:
        rows = connection.execute(select(clusters).order_by(clusters.c.cluster, clusters.c.instance)).mappings()
        return [Announcement(**row) for row in rows]


def _forget_clusters(database: Database, before: datetime) -> None:
    with database.writing() as connection:
        connection.execute(delete(clusters).where(clusters.c.at < before))


def _counts(database: Database) -> dict[str, int]:
    conditions = {
        "unfinished": requests.c.is_open,
        "unpublished": requests.c.message.is_not(None),
        "to_post": requests.c.owed,
    }
    with database.reading() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(requests).where(condition)).scalar_one()
            for name, condition in conditions.items()
        }
