"""Helm's tables for `HELM_DRIVER=sql`, as Helm creates them, and one of our own beside them.

The rule not to break: Helm's tables are made exactly as its own migrations make them, and recorded as made, so that
`helm` finds its work done. What Fairway adds is a table of its own, whose rows go when Helm deletes a revision.
Source: Helm v4, pkg/storage/driver/sql.go; the journal of migrations is that of rubenv/sql-migrate.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, inspect, text
from sqlalchemy.dialects.postgresql import JSONB, insert

metadata = MetaData()

releases = Table(
    "releases_v1",
    metadata,
    Column("key", String(90), primary_key=True),
    Column("type", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("name", String(64), nullable=False),
    Column("namespace", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("owner", Text, nullable=False),
    # Helm writes createdAt without quotes, which PostgreSQL folds.
    Column("createdat", Integer, nullable=False),
    Column("modifiedat", Integer, nullable=False, server_default="0"),
)
"""Times are Unix seconds; `modifiedat` is 0 until the first change."""

labels = Table(
    "custom_labels_v1",
    metadata,
    Column("releasekey", String(64)),
    Column("releasenamespace", String(67)),
    Column("key", String(317)),
    Column("value", String(63)),
)

notes = Table(
    "fairway_release_notes",
    metadata,
    Column("key", String(90), primary_key=True),
    Column("namespace", String(64), primary_key=True),
    Column("notes", JSONB, nullable=False),
)

_JOURNAL = Table("gorp_migrations", metadata, Column("id", Text, primary_key=True), Column("applied_at", Text))

_LOCK_KEY = 0x666169727761_7A

_STEPS: dict[str, tuple[str, tuple[str, ...]]] = {
    releases.name: (
        "init",
        (
            """CREATE TABLE releases_v1 (
                key VARCHAR(90), type VARCHAR(64) NOT NULL, body TEXT NOT NULL, name VARCHAR(64) NOT NULL,
                namespace VARCHAR(64) NOT NULL, version INTEGER NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL,
                createdAt INTEGER NOT NULL, modifiedAt INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (key, namespace))""",
            "CREATE INDEX ON releases_v1 (key, namespace)",
            *(
                f"CREATE INDEX ON releases_v1 ({column})"
                for column in ("version", "status", "owner", "createdAt", "modifiedAt")
            ),
            "GRANT ALL ON releases_v1 TO PUBLIC",
            "ALTER TABLE releases_v1 ENABLE ROW LEVEL SECURITY",
        ),
    ),
    labels.name: (
        "custom_labels",
        (
            """CREATE TABLE custom_labels_v1 (
                releaseKey VARCHAR(64), releaseNamespace VARCHAR(67), key VARCHAR(317), value VARCHAR(63))""",
            "CREATE INDEX ON custom_labels_v1 (releaseKey, releaseNamespace)",
            "GRANT ALL ON custom_labels_v1 TO PUBLIC",
            "ALTER TABLE custom_labels_v1 ENABLE ROW LEVEL SECURITY",
        ),
    ),
    notes.name: (
        "",
        (
            """CREATE TABLE fairway_release_notes (
                key VARCHAR(90), namespace VARCHAR(64), notes JSONB NOT NULL, PRIMARY KEY (key, namespace),
                FOREIGN KEY (key, namespace) REFERENCES releases_v1 (key, namespace) ON DELETE CASCADE)""",
            "GRANT ALL ON fairway_release_notes TO PUBLIC",
            "ALTER TABLE fairway_release_notes ENABLE ROW LEVEL SECURITY",
        ),
    ),
}
"""Table → the name under which Helm journals its making (none for ours), and the statements, in this order."""


def missing(connection: Connection) -> list[str]:
    """Tables that are still to be made."""
    found = set(inspect(connection).get_table_names())
    return [table for table in _STEPS if table not in found]


def ensure(connection: Connection) -> None:
    """Make what is missing; of several processes that start at once, one does it."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    for table in missing(connection):
        migration, statements = _STEPS[table]
        for statement in statements:
            connection.exec_driver_sql(statement)
        if migration:
            connection.exec_driver_sql(
                "CREATE TABLE IF NOT EXISTS gorp_migrations (id TEXT NOT NULL PRIMARY KEY, applied_at TIMESTAMPTZ)"
            )
            done = insert(_JOURNAL).values(id=migration, applied_at=text("now()"))
            connection.execute(done.on_conflict_do_nothing())
