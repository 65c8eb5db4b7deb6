"""Tables of team access and of the portal's sessions; part of the ledger's schema."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table, Text

from fairway.adapters.sql.tables import UtcTime, id_type, json_type, metadata


def name_type() -> Text:
    """Sorted byte by byte everywhere."""
    return Text().with_variant(Text(collation="C"), "postgresql")


registrations = Table(
    "registrations",
    metadata,
    Column("key", name_type(), primary_key=True),
    Column("repository", Text, nullable=False),
    Column("teams", json_type(), nullable=False),
    Column("words", Text, nullable=False),
    Column("version", String(32), nullable=False),
)
"""`key` is the repository in lower case; `words` what is searched, in lower case, a line each."""

access_changes = Table(
    "access_changes",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("teams_before", json_type(), nullable=False),
    Column("teams_after", json_type(), nullable=False),
    Column("via", String(16), nullable=False),
    Column("certain", Boolean, nullable=False),
    Index("access_changes_by_repository", "key", "id"),
)
"""A line is settled once and then never touched."""

portal_sessions = Table(
    "portal_sessions",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("sign_in", String(64), nullable=False),
    Column("login", Text, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Index("portal_sessions_by_sign_in", "sign_in", unique=True),
    Index("portal_sessions_by_end", "ends_at"),
)
"""`key` and `sign_in` are hashes; `token` is sealed with the server's own key. Rows go when they end."""
