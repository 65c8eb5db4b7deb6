"""The ledger's tables as they are now; `migrations/versions` says how they came to be, a test that both agree.

Column names are safe to write by hand in either database (no `user`, no `commit`).
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB


class UtcTime(TypeDecorator[datetime]):
    """An instant: `timestamptz` in PostgreSQL, text in UTC in SQLite; always aware in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def id_type() -> String:
    """Ids compare byte by byte everywhere: prefixes are looked up as ranges."""
    return String(26).with_variant(String(26, collation="C"), "postgresql")


def json_type() -> JSON:
    return JSON().with_variant(JSONB(), "postgresql")


metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("door", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("user_name", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("commit_id", Text, nullable=False),
    Column("branch", Text, nullable=False),
    Column("dirty", Boolean, nullable=False),
    Column("subject", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("delivery_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("runs_by_delivery", "delivery_id"),
)

deployments = Table(
    "deployments",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("run_id", id_type(), ForeignKey("runs.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("environment", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("cluster", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("chart", Text, nullable=False),
    Column("chart_version", Text, nullable=False),
    Column("chart_version_before", Text, nullable=False),
    Column("revision_before", Integer, nullable=True),
    Column("inputs_digest", Text, nullable=False),
    Column("plan", json_type(), nullable=False),
    Column("parent_id", Text, nullable=False),
    Column("labels", json_type(), nullable=False),
    Column("state", String(16), nullable=False),
    Index("deployments_by_run", "run_id", "id"),
    Index("deployments_by_environment", "environment", "release", "id"),
    Index("deployments_by_release", "release", "id"),
    Index("deployments_by_state", "state", "id"),
)
"""`state` repeats the last entry of the status log, so that it can be asked for; nothing else is ever updated."""

statuses = Table(
    "statuses",
    metadata,
    Column("deployment_id", id_type(), ForeignKey("deployments.id"), primary_key=True),
    Column("state", String(16), primary_key=True),
    Column("place", SmallInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("description", Text, nullable=False),
    Column("revision", Integer, nullable=True),
)
"""`place` counts the entries of one log from 0. The key makes a state occur once per deployment, whatever happens."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("channel", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("thread", Text, nullable=False),
    Column("repeats", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("events", json_type(), nullable=False),
    Column("attempts", json_type(), nullable=False),
    Column("reference", json_type(), nullable=False),
    Index("deliveries_by_channel", "channel", "id"),
    Index("deliveries_by_state", "state", "id"),
    Index("deliveries_by_thread", "thread", "channel"),
)
"""A row is replaced while its message is tried; `attempts` only ever grows."""

agents = Table(
    "agents",
    metadata,
    Column("repository", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("agent", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("applied", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("applied_at", UtcTime, nullable=True),
    Column("seen_at", UtcTime, nullable=False),
)
"""The last word about each environment; the one table whose rows are replaced for ever."""
