"""How requests move on: states into the log, claims on what GitHub is to be told, and what it was told.

The rule not to break: see `requests`: deployments are locked before requests, each in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, false, or_, select, text, tuple_, update

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.reading import stories_on
from fairway.adapters.sql.request_rows import tracked_of
from fairway.adapters.sql.request_tables import requests
from fairway.adapters.sql.tables import deployments
from fairway.adapters.sql.writing import write_on
from fairway.domain.deployments.record import StatusEntry
from fairway.domain.deployments.status import UNFINISHED, State
from fairway.domain.dispatch.superseding import REPLACED, replaced
from fairway.domain.dispatch.tracking import Step, Stepped, ToPost, Tracked

_SUCCESS_LOCK = 0x666169727761_68


def step(database: Database, steps: Sequence[Step]) -> list[Stepped]:
    """See `services.hookd.ports.RequestStore.step`."""
    if not steps:
        return []
    known = select(requests.c.delivery_id, requests.c.deployment, requests.c.cluster).where(
        requests.c.delivery_id.in_({one.delivery_id for one in steps})
    )
    with database.writing() as connection:
        if any(one.state is State.SUCCESS for one in steps):
            _one_at_a_time(connection)
        places = {id_: (deployment, cluster) for id_, deployment, cluster in connection.execute(known)}
        ours = [one for one in steps if one.delivery_id in places and one.cluster in ("", places[one.delivery_id][1])]
        entries = [
            StatusEntry(places[one.delivery_id][0], one.state, one.at, one.description)
            for one in ours
            if one.state is not None
        ]
        counted: dict[str, list[StatusEntry]] = {}
        for entry in write_on(connection, entries):
            counted.setdefault(entry.deployment_id, []).append(entry)
        moved = {id_: counted[place][-1].state for id_, (place, _) in places.items() if place in counted}
        signs = [(one.heard_at, one.delivery_id) for one in ours if one.heard_at is not None]
        heard = {id_: at for at, id_ in sorted(signs)}
        locked(connection, moved.keys() | heard.keys())
        _hear(connection, heard)
        _mark(connection, moved)
        for id_, entry in _replace(
            connection, [id_ for id_, state in moved.items() if state is State.SUCCESS], counted
        ):
            counted.setdefault(entry.deployment_id, []).append(entry)
            moved[id_] = entry.state
        wanted = select(requests).where(requests.c.delivery_id.in_(moved)).order_by(requests.c.deployment)
        return [Stepped(one, tuple(counted[one.story.id])) for one in tracked_on(connection, wanted)]


def claim(database: Database, limit: int, now: datetime, until: datetime) -> list[ToPost]:
    """See `services.hookd.ports.RequestStore.to_post`."""
    due = or_(requests.c.post_after.is_(None), requests.c.post_after <= now)
    wanted = select(requests).where(requests.c.owed, due).order_by(requests.c.deployment).limit(limit)
    with database.reading() as connection:
        # SQLite has one writer at a time; it is not bothered for nothing.
        if connection.execute(wanted.with_only_columns(requests.c.delivery_id)).first() is None:
            return []
    with database.writing() as connection:
        rows = connection.execute(wanted.with_for_update(skip_locked=True)).mappings().all()
        if not rows:
            return []
        ids = [row["delivery_id"] for row in rows]
        before = {row["delivery_id"]: (int(row["post_tries"]), int(row["post_refusals"])) for row in rows}
        connection.execute(
            update(requests)
            .where(requests.c.delivery_id.in_(ids))
            .values(post_after=until, post_tries=requests.c.post_tries + 1)
        )
        claimed = select(requests).where(requests.c.delivery_id.in_(ids)).order_by(requests.c.deployment)
        return [ToPost(one, *before[one.delivery_id]) for one in tracked_on(connection, claimed)]


def posted(database: Database, delivery_id: str, state: State) -> None:
    """See `services.hookd.ports.RequestStore.posted`."""
    place = select(requests.c.deployment).where(requests.c.delivery_id == delivery_id).scalar_subquery()
    with database.writing() as connection:
        now_at = connection.execute(
            select(deployments.c.state).where(deployments.c.id == place).with_for_update()
        ).scalar_one_or_none()
        # Whoever gave up meanwhile stays so.
        owed = ~requests.c.post_ended if now_at != state.value else false()
        connection.execute(
            update(requests)
            .where(requests.c.delivery_id == delivery_id)
            .values(posted=state.value, owed=owed, post_problem="", post_tries=0, post_refusals=0, post_after=None)
        )


def tracked_on(connection: Connection, wanted: Select[Any]) -> list[Tracked]:
    """Requests with their stories, in the order in which they are selected."""
    rows = connection.execute(wanted).mappings().all()
    if not rows:
        return []
    ids = [row["deployment"] for row in rows]
    stories = {one.id: one for one in stories_on(connection, select(deployments).where(deployments.c.id.in_(ids)))}
    return [tracked_of(dict(row), stories[row["deployment"]]) for row in rows]


def locked(connection: Connection, delivery_ids: Collection[str]) -> list[str]:
    """Those that are there, locked in the order of their ids; SQLite has locked the whole file already."""
    ids = sorted(delivery_ids)
    if connection.dialect.name == "sqlite":
        return ids
    wanted = select(requests.c.delivery_id).where(requests.c.delivery_id.in_(ids)).order_by(requests.c.delivery_id)
    return list(connection.execute(wanted.with_for_update()).scalars())


def _hear(connection: Connection, heard: Mapping[str, datetime]) -> None:
    """Signs of life, the last of each."""
    if not heard:
        return
    is_newer = or_(requests.c.taken_at.is_(None), requests.c.taken_at < bindparam("heard_at"))
    changed = update(requests).where(requests.c.delivery_id == bindparam("alive"), is_newer)
    connection.execute(
        changed.values(taken_at=bindparam("heard_at")),
        [{"alive": id_, "heard_at": heard[id_]} for id_ in sorted(heard)],
    )


def _replace(
    connection: Connection, succeeded: Sequence[str], counted: Mapping[str, Sequence[StatusEntry]]
) -> list[tuple[str, StatusEntry]]:
    """Make inactive what the newest of each line has replaced; delivery ids and their new entries."""
    if not succeeded:
        return []
    line = requests.c.repository_key, requests.c.cluster, requests.c.namespace, requests.c.subject
    ends = {
        tuple(row): max(entry.at for entry in counted[place])
        for place, *row in connection.execute(
            select(requests.c.deployment, *line).where(requests.c.delivery_id.in_(succeeded))
        )
    }
    standing = connection.execute(
        select(requests.c.delivery_id, requests.c.deployment, *line).where(
            requests.c.stands, tuple_(*line).in_(list(ends))
        )
    ).all()
    delivery_ids = {place: id_ for id_, place, *_ in standing}
    lines = {place: tuple(row) for _, place, *row in standing}
    past = [
        StatusEntry(place, State.INACTIVE, ends[lines[place]], REPLACED)
        for place in replaced((lines[place], place) for place in lines)
    ]
    entries = [(delivery_ids[entry.deployment_id], entry) for entry in write_on(connection, past)]
    _mark(connection, {id_: entry.state for id_, entry in entries})
    return entries


def _one_at_a_time(connection: Connection) -> None:
    """Two who succeed at once must see each other; SQLite has one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SUCCESS_LOCK})


def _mark(connection: Connection, moved: dict[str, State]) -> None:
    """Repeat of the new states what requests are found by."""
    if not moved:
        return
    ids = locked(connection, moved)
    by_id = requests.c.delivery_id == bindparam("moved")
    finished = [id_ for id_ in ids if moved[id_] not in UNFINISHED]
    changed = update(requests).where(by_id).values(stands=bindparam("succeeded"), owed=requests.c.number > 0)
    connection.execute(changed, [{"moved": id_, "succeeded": moved[id_] is State.SUCCESS} for id_ in ids])
    connection.execute(update(requests).where(requests.c.delivery_id.in_(finished)).values(is_open=False, message=None))
    # An in-progress one is told even where the queue was not known to have it; who gave up stays so.
    connection.execute(
        update(requests).where(requests.c.delivery_id.in_(ids), requests.c.post_ended).values(owed=False)
    )
