"""Requests for deployments, and clusters that were heard of; how they came to be: `migrations/versions/v0005_requests`.

The rule not to break: states are the ledger's. What is repeated of them here is there to be found by, and is written in
the transaction that writes the state.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, text

from fairway.adapters.sql.tables import UtcTime, id_type, json_type, metadata

requests = Table(
    "requests",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("deployment", id_type(), nullable=False),
    Column("repository", Text, nullable=False),
    Column("repository_key", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("origin", json_type(), nullable=False),
    Column("deadline", UtcTime, nullable=False),
    Column("message", LargeBinary, nullable=True),
    Column("published_at", UtcTime, nullable=True),
    Column("taken_at", UtcTime, nullable=True),
    Column("is_open", Boolean, nullable=False),
    Column("stands", Boolean, nullable=False),
    Column("owed", Boolean, nullable=False),
    Column("posted", String(16), nullable=False),
    Column("post_problem", Text, nullable=False),
    Column("post_ended", Boolean, nullable=False),
    Column("post_tries", Integer, nullable=False),
    Column("post_refusals", Integer, nullable=False),
    Column("post_after", UtcTime, nullable=True),
    Index("requests_by_deployment", "deployment", unique=True),
    Index("requests_by_repository", "repository_key", "deployment"),
    Index(
        "requests_by_number",
        "repository_key",
        "number",
        unique=True,
        sqlite_where=text("number > 0"),
        postgresql_where=text("number > 0"),
    ),
    Index(
        "requests_unpublished",
        "deployment",
        sqlite_where=text("message IS NOT NULL"),
        postgresql_where=text("message IS NOT NULL"),
    ),
    Index("requests_open", "deployment", sqlite_where=text("is_open = 1"), postgresql_where=text("is_open")),
    Index(
        "requests_standing",
        "repository_key",
        "cluster",
        "namespace",
        "subject",
        sqlite_where=text("stands = 1"),
        postgresql_where=text("stands"),
    ),
    Index("requests_owed", "deployment", sqlite_where=text("owed = 1"), postgresql_where=text("owed")),
)
"""`deployment` is the ledger's id, `number` GitHub's. `message` is there until the queue has it. `is_open`: without an
outcome; `stands`: succeeded, and nothing newer has; `owed`: GitHub does not know the newest state. SQLite uses a
partial index only for the very condition that it was made with, and SQLAlchemy asks it for `is_open = 1`."""

clusters = Table(
    "clusters",
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("instance", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)
"""What each deployd said last."""
