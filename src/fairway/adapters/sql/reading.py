"""Questions to the ledger's tables; every one of them is answered from an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, union_all

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.rows import deployment_of, run_of, status_of
from fairway.adapters.sql.tables import deployments, runs, statuses
from fairway.domain.deployments.ids import LENGTH, encode
from fairway.domain.deployments.query import Page, Query
from fairway.domain.deployments.record import StatusEntry, Story

_MANY = 200
"""Terms in one UNION; SQLite allows 500."""


def find(database: Database, query: Query) -> Page:
    """See `recording.ports.Ledger.find`."""
    wanted = _restricted(select(deployments), query)
    wanted = wanted.order_by(deployments.c.id.desc()).limit(query.limit + 1)
    with database.reading() as connection:
        stories = stories_on(connection, wanted)
    more = len(stories) > query.limit
    stories = stories[: query.limit]
    return Page(tuple(stories), stories[-1].id if more else "")


def starting_with(database: Database, prefix: str, limit: int) -> list[Story]:
    """See `recording.ports.Ledger.starting_with`."""
    end = prefix.ljust(LENGTH, "Z")
    wanted = (
        select(deployments)
        .where(or_(deployments.c.id.between(prefix, end), deployments.c.run_id.between(prefix, end)))
        .order_by(deployments.c.id)
        .limit(limit)
    )
    with database.reading() as connection:
        return stories_on(connection, wanted)


def neighbours(database: Database, ids: Sequence[str]) -> set[str]:
    """See `recording.ports.Ledger.neighbours`."""
    found: set[str] = set()
    terms = [
        term
        for id_ in ids
        for term in (
            select(func.max(deployments.c.id)).where(deployments.c.id < id_),
            select(func.min(deployments.c.id)).where(deployments.c.id > id_),
        )
    ]
    with database.reading() as connection:
        for start in range(0, len(terms), _MANY):
            found.update(connection.execute(union_all(*terms[start : start + _MANY])).scalars())
    return {id_ for id_ in found if id_}


def _restricted(wanted: Select[Any], query: Query) -> Select[Any]:
    if query.environment:
        wanted = wanted.where(deployments.c.environment == query.environment)
    if query.release:
        wanted = wanted.where(deployments.c.release == query.release)
    if query.run_id:
        wanted = wanted.where(deployments.c.run_id == query.run_id)
    if query.delivery_id:
        delivered = select(runs.c.id).where(runs.c.delivery_id == query.delivery_id)
        wanted = wanted.where(deployments.c.run_id.in_(delivered))
    if query.states:
        wanted = wanted.where(deployments.c.state.in_(sorted(query.states)))
    if query.since is not None:
        # The id leads to the place in the index; it is never older than the time beside it.
        first = encode(int(query.since.timestamp() * 1000), 0)
        wanted = wanted.where(deployments.c.id >= first, deployments.c.at >= query.since)
    if query.before:
        wanted = wanted.where(deployments.c.id < query.before)
    return wanted


def stories_on(connection: Connection, wanted: Select[Any]) -> list[Story]:
    """The stories of selected deployments, in their order."""
    rows = connection.execute(wanted).mappings().all()
    run_ids = {row["run_id"] for row in rows}
    ids = [row["id"] for row in rows]
    caused = {
        row["id"]: run_of(row) for row in connection.execute(select(runs).where(runs.c.id.in_(run_ids))).mappings()
    }
    logs: dict[str, list[StatusEntry]] = {id_: [] for id_ in ids}
    stored = select(statuses).where(statuses.c.deployment_id.in_(ids)).order_by(statuses.c.place)
    for row in connection.execute(stored).mappings():
        logs[row["deployment_id"]].append(status_of(row))
    return [Story(caused[row["run_id"]], deployment_of(row), tuple(logs[row["id"]])) for row in rows]
