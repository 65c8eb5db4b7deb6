"""What agents say of the environments that they look after."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairway.adapters.sql.tables import UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("repository", sa.Text, primary_key=True),
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("applied", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("applied_at", UtcTime, nullable=True),
        sa.Column("seen_at", UtcTime, nullable=False),
    )
