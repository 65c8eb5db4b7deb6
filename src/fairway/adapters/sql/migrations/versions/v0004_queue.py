"""The queue of those who have no broker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairway.adapters.sql.queue_tables import place_type
from fairway.adapters.sql.tables import UtcTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "queue_messages",
        sa.Column("place", place_type(), primary_key=True, autoincrement=True),
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("queue_messages_by_topic", "queue_messages", ["topic", "place"])
    op.create_table(
        "queue_groups",
        sa.Column("topic", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("position", place_type(), nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
    )
    op.create_table(
        "queue_settled",
        sa.Column("topic", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("place", place_type(), primary_key=True, autoincrement=False),
    )
