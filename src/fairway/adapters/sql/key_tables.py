"""The table of the keys with which teams sign requests."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from fairway.adapters.sql.tables import UtcTime, id_type, metadata

team_keys = Table(
    "team_keys",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("team", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=True),
    Column("sealed", LargeBinary, nullable=False),
    Index("team_keys_by_team", "team", "id"),
)
"""`sealed` opens only with the server's own key, and only in its own row."""
