"""Requests for deployments, and the clusters that were heard of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairway.adapters.sql.tables import UtcTime, id_type, json_type

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("delivery_id", sa.Text, primary_key=True),
        sa.Column("deployment", id_type(), nullable=False),
        sa.Column("repository", sa.Text, nullable=False),
        sa.Column("repository_key", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("origin", json_type(), nullable=False),
        sa.Column("deadline", UtcTime, nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=True),
        sa.Column("published_at", UtcTime, nullable=True),
        sa.Column("taken_at", UtcTime, nullable=True),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("stands", sa.Boolean, nullable=False),
        sa.Column("owed", sa.Boolean, nullable=False),
        sa.Column("posted", sa.String(16), nullable=False),
        sa.Column("post_problem", sa.Text, nullable=False),
        sa.Column("post_ended", sa.Boolean, nullable=False),
        sa.Column("post_tries", sa.Integer, nullable=False),
        sa.Column("post_refusals", sa.Integer, nullable=False),
        sa.Column("post_after", UtcTime, nullable=True),
    )
    op.create_index("requests_by_deployment", "requests", ["deployment"], unique=True)
    op.create_index("requests_by_repository", "requests", ["repository_key", "deployment"])
    _partial("requests_by_number", ["repository_key", "number"], "number > 0", unique=True)
    _partial("requests_unpublished", ["deployment"], "message IS NOT NULL")
    _partial("requests_open", ["deployment"], "is_open", sqlite="is_open = 1")
    _partial("requests_standing", ["repository_key", "cluster", "namespace", "subject"], "stands", sqlite="stands = 1")
    _partial("requests_owed", ["deployment"], "owed", sqlite="owed = 1")
    op.create_table(
        "clusters",
        sa.Column("cluster", sa.Text, primary_key=True),
        sa.Column("instance", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )


def _partial(name: str, columns: list[str], where: str, *, sqlite: str = "", unique: bool = False) -> None:
    """`sqlite`: the condition as SQLite is asked for it; it compares the words."""
    op.create_index(
        name, "requests", columns, unique=unique, sqlite_where=sa.text(sqlite or where), postgresql_where=sa.text(where)
    )
