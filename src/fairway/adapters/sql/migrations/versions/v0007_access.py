"""Which repository may deploy as which team, who changed it, and who is signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairway.adapters.sql.access_tables import name_type
from fairway.adapters.sql.tables import UtcTime, id_type, json_type

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("key", name_type(), primary_key=True),
        sa.Column("repository", sa.Text, nullable=False),
        sa.Column("teams", json_type(), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
    )
    op.create_table(
        "access_changes",
        sa.Column("id", id_type(), primary_key=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("repository", sa.Text, nullable=False),
        sa.Column("teams_before", json_type(), nullable=False),
        sa.Column("teams_after", json_type(), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("certain", sa.Boolean, nullable=False),
    )
    op.create_index("access_changes_by_repository", "access_changes", ["key", "id"])
    op.create_table(
        "portal_sessions",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("sign_in", sa.String(64), nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("began_at", UtcTime, nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
        sa.Column("ends_at", UtcTime, nullable=False),
        sa.Column("token", sa.LargeBinary, nullable=False),
    )
    op.create_index("portal_sessions_by_sign_in", "portal_sessions", ["sign_in"], unique=True)
    op.create_index("portal_sessions_by_end", "portal_sessions", ["ends_at"])
