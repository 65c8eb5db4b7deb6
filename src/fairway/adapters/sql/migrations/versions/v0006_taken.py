"""What a deployd has begun and how it ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairway.adapters.sql.tables import UtcTime, json_type

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "taken",
        sa.Column("cluster", sa.Text, primary_key=True),
        sa.Column("delivery_id", sa.Text, primary_key=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("applied", json_type(), nullable=False),
        sa.Column("watching_since", UtcTime, nullable=True),
        sa.Column("outcome", json_type(), nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("reported", sa.Boolean, nullable=False),
    )
    op.create_index("taken_unreported", "taken", ["cluster", "ended", "reported"])
    op.create_index("taken_by_time", "taken", ["cluster", "at"])
