"""What the queue does in its tables, each in one transaction.

The rule not to break: a message becomes visible only after all of its topic with a lower place. PostgreSQL gives places
before it commits, so publishers of a topic hold a lock from before they get a place until they have committed; else
a reader who has passed place 8 would never see a 7 that was committed later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, text, update

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.inserting import inserting
from fairway.adapters.sql.queue_tables import queue_groups, queue_messages, queue_settled

_LOCKS = 0x71756575
"""The first half of the key of advisory locks."""
_MANY = 1000
"""Rows deleted in one transaction: nobody waits long for it."""


def store(database: Database, messages: Sequence[tuple[str, str, bytes]], at: datetime) -> None:
    """Topic, key and body of each; all or none."""
    with database.writing() as connection:
        if not database.is_sqlite:
            # In one order, so that two publishers can't wait for each other.
            for topic in sorted({topic for topic, _, _ in messages}):
                lock = text("SELECT pg_advisory_xact_lock(:ours, hashtext(:topic))")
                connection.execute(lock, {"ours": _LOCKS, "topic": topic})
        rows = [{"topic": topic, "key": _storable(key), "body": body, "at": at} for topic, key, body in messages]
        connection.execute(insert(queue_messages), rows)


def begin(database: Database, topic: str, group: str, *, from_start: bool, at: datetime) -> int:
    """The group's position; a group that is new gets one."""
    with database.writing() as connection:
        return _position(connection, topic, group, from_start=from_start, at=at)


def read(database: Database, topic: str, group: str, after: int, most: int) -> list[tuple[int, str, bytes]]:
    """Place, key and body of what comes next."""
    wanted = (
        select(queue_messages.c.place, queue_messages.c.key, queue_messages.c.body)
        .where(_unsettled(topic, group, after))
        .order_by(queue_messages.c.place)
        .limit(most)
    )
    with database.reading() as connection:
        return [(place, key, bytes(body)) for place, key, body in connection.execute(wanted)]


def waiting(database: Database, topic: str, group: str, after: int) -> int:
    counted = select(func.count()).select_from(queue_messages).where(_unsettled(topic, group, after))
    with database.reading() as connection:
        return connection.execute(counted).scalar_one()


def settle(database: Database, topic: str, group: str, places: Iterable[int], at: datetime) -> None:
    """The position moves up to the first message that is not settled."""
    with database.writing() as connection:
        position = _position(connection, topic, group, from_start=True, at=at)
        rows = [{"topic": topic, "name": group, "place": place} for place in places if place > position]
        if not rows:
            return
        connection.execute(inserting(connection, queue_settled).on_conflict_do_nothing(), rows)
        ours = and_(queue_settled.c.topic == topic, queue_settled.c.name == group)
        first = select(func.min(queue_messages.c.place)).where(_unsettled(topic, group, position))
        until = connection.execute(first).scalar()
        if until is None:
            position = connection.execute(select(func.max(queue_settled.c.place)).where(ours)).scalar_one()
        else:
            position = until - 1
        connection.execute(delete(queue_settled).where(ours, queue_settled.c.place <= position))
        moved = update(queue_groups).where(queue_groups.c.topic == topic, queue_groups.c.name == group)
        connection.execute(moved.values(position=position, seen_at=at))


def forget(database: Database, topic: str, before: datetime) -> int:
    """Delete messages that are older, and groups that have not been seen since: they have settled nothing newer."""
    old = select(queue_messages.c.place).where(queue_messages.c.topic == topic, queue_messages.c.at < before)
    some = old.order_by(queue_messages.c.place).limit(_MANY)
    gone = 0
    while True:
        with database.writing() as connection:
            deleted = connection.execute(delete(queue_messages).where(queue_messages.c.place.in_(some))).rowcount
        gone += deleted
        if deleted < _MANY:
            break
    idle = select(queue_groups.c.name).where(queue_groups.c.topic == topic, queue_groups.c.seen_at < before)
    with database.writing() as connection:
        names = list(connection.execute(idle.with_for_update()).scalars())
        for table in (queue_settled, queue_groups):
            connection.execute(delete(table).where(table.c.topic == topic, table.c.name.in_(names)))
    return gone


def _position(connection: Connection, topic: str, group: str, *, from_start: bool, at: datetime) -> int:
    """Held until the transaction ends, so that those of one group settle one after another."""
    newest = 0
    if not from_start:
        last = select(func.max(queue_messages.c.place)).where(queue_messages.c.topic == topic)
        newest = connection.execute(last).scalar() or 0
    row = {"topic": topic, "name": group, "position": newest, "seen_at": at}
    connection.execute(inserting(connection, queue_groups).values(row).on_conflict_do_nothing())
    held = select(queue_groups.c.position).where(queue_groups.c.topic == topic, queue_groups.c.name == group)
    position: int = connection.execute(held.with_for_update()).scalar_one()
    return position


def _unsettled(topic: str, group: str, after: int) -> ColumnElement[bool]:
    settled = exists().where(
        queue_settled.c.topic == topic, queue_settled.c.name == group, queue_settled.c.place == queue_messages.c.place
    )
    return and_(queue_messages.c.topic == topic, queue_messages.c.place > after, ~settled)


def _storable(key: str) -> str:
    """PostgreSQL stores no NUL, and neither database half a character."""
    return key.encode(errors="replace").decode().replace("\0", "�")
