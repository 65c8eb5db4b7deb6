"""Tables of the queue in the ledger's database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from fairway.adapters.sql.tables import UtcTime, metadata


def place_type() -> BigInteger:
    """SQLite counts by itself only what is an INTEGER to the letter."""
    return BigInteger().with_variant(Integer(), "sqlite")


queue_messages = Table(
    "queue_messages",
    metadata,
    Column("place", place_type(), primary_key=True, autoincrement=True),
    Column("topic", String(32), nullable=False),
    Column("key", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("queue_messages_by_topic", "topic", "place"),
    # Without it a place is given again after the last message was deleted, and groups would pass over the new one.
    sqlite_autoincrement=True,
)
"""In the order in which they became visible: publishers of a topic come one at a time."""

queue_groups = Table(
    "queue_groups",
    metadata,
    Column("topic", String(32), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", place_type(), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)
"""Everything up to and with `position` is settled."""

queue_settled = Table(
    "queue_settled",
    metadata,
    Column("topic", String(32), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("place", place_type(), primary_key=True, autoincrement=False),
)
"""Settled beyond the group's position, while something before them is not."""
