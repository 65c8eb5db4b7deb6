"""Which version of the tables a database has, and how it gets to ours.

SQLite files are brought up to date by whoever opens them. A PostgreSQL schema is made by the first to come and changed
only by `fairway ledger migrate`, because others use it too. A newer schema than this program knows is left alone.
Alembic costs 0.8 s to import, so it is only imported when there is something to do.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from fairway.adapters.sql.database import Database
from fairway.domain.errors import Refused, UserError

MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = ("0001",)
"""All migrations, oldest first; the last is what `tables` describes."""
VERSION_TABLE = "fairway_schema"
_LOCK_KEY = 0x666169727761_79


@dataclass(frozen=True, slots=True)
class Schema:
    """`found` is empty for a database that has no ledger yet."""

    found: str

    @property
    def is_current(self) -> bool:
        return self.found == REVISIONS[-1]

    @property
    def is_known(self) -> bool:
        return not self.found or self.found in REVISIONS


def read_schema(database: Database) -> Schema:
    with database.reading() as connection:
        return _read(connection)


def prepare(database: Database) -> None:
    """Make the schema what this program needs, or say who can.

    Raises `UserError` for a PostgreSQL schema that is older, `Refused` for one that is newer than this program.
    """
    make_folder(database)
    schema = read_schema(database)
    if schema.is_current:
        return
    if schema.is_known and (database.is_sqlite or not schema.found):
        migrate(database)
        return
    if schema.is_known:
        raise UserError(
            f"the ledger {database.url.shown} has schema {schema.found}, this fairway needs {REVISIONS[-1]}",
            fix="bring it up to date once, for everybody: fairway ledger migrate",
        )
    raise _newer(database, schema)


def make_folder(database: Database) -> None:
    """For SQLite; a folder that can't be made shows when the file is opened."""
    if database.url.path is not None:
        with suppress(OSError):
            database.url.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)


def migrate(database: Database) -> tuple[str, str]:
    """Apply what is missing, in one transaction per run; safe when several processes start at once.

    Returns the schema before and after. Raises `Refused` for a newer one.
    """
    from alembic import command
    from alembic.config import Config

    with _only_one(database), database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        before = _read(connection)
        if not before.is_known:
            raise _newer(database, before)
        if not before.is_current:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, REVISIONS[-1])
    return before.found, REVISIONS[-1]


def _newer(database: Database, schema: Schema) -> Refused:
    return Refused(
        f"the ledger {database.url.shown} has schema {schema.found}; this fairway knows up to {REVISIONS[-1]}",
        fix="use the fairway that made it, or a newer one: pip install --upgrade fairway-cd",
    )


def _read(connection: Connection) -> Schema:
    if not inspect(connection).has_table(VERSION_TABLE):
        return Schema("")
    return Schema(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or "")


@contextmanager
def _only_one(database: Database) -> Iterator[None]:
    """Between processes, for SQLite: its own locks can't be waited for while the file is being made."""
    if database.url.path is None:
        yield
        return
    lock = database.url.path.with_name(database.url.path.name + ".lock")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
