"""Keys of teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairway.adapters.sql.tables import UtcTime, id_type

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "team_keys",
        sa.Column("id", id_type(), primary_key=True),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("team_keys_by_team", "team_keys", ["team", "id"])
