"""The delivery log of notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairway.adapters.sql.tables import UtcTime, id_type, json_type

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", id_type(), primary_key=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("receiver", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("thread", sa.Text, nullable=False),
        sa.Column("repeats", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("events", json_type(), nullable=False),
        sa.Column("attempts", json_type(), nullable=False),
        sa.Column("reference", json_type(), nullable=False),
    )
    op.create_index("deliveries_by_channel", "deliveries", ["channel", "id"])
    op.create_index("deliveries_by_state", "deliveries", ["state", "id"])
    op.create_index("deliveries_by_thread", "deliveries", ["thread", "channel"])
