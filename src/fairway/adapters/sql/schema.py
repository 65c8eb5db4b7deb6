"""Which version of the tables a database has, and how it gets to ours.

SQLite files are brought up to date by whoever opens them. A PostgreSQL schema is made by the first to come and changed
only by `fairway ledger migrate`, because others use it too. A newer schema than this program knows is left alone.
Alembic costs 0.8 s to import, so it is only imported when there is something to do.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.urls import LedgerUrl
from fairway.domain.errors import Refused, UserError

MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""All migrations, oldest first; the last is what `tables` describes."""
VERSION_TABLE = "fairway_schema"
_LOCK_KEY = 0x666169727761_79


class Step(StrEnum):
    """What follows from the schema that was found."""

    GO_ON = "go on"
    MIGRATE = "migrate"
    ASK = "ask somebody to migrate it"
    REFUSE = "refuse"


def next_step(found: str, *, is_shared: bool, revisions: Sequence[str] = REVISIONS) -> Step:
    """`found` is empty for a database that has no ledger yet."""
    if found == revisions[-1]:
        return Step.GO_ON
    if found and found not in revisions:
        return Step.REFUSE
    return Step.ASK if found and is_shared else Step.MIGRATE


def read_schema(database: Database) -> str:
    """The revision that the database is at; empty when it has no ledger."""
    with database.reading() as connection:
        return _read(connection)


def open_database(url: LedgerUrl, *, durable: bool = False) -> Database:
    """Connect and see that the schema fits. Blocks; raises `Transient`, `UserError` or `Refused`."""
    database = Database(url, durable=durable)
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def prepare(database: Database) -> None:
    """Make the schema what this program needs, or say who can.

    Raises `UserError` for a PostgreSQL schema that is older, `Refused` for one that is newer than this program.
    """
    make_folder(database)
    found = read_schema(database)
    match next_step(found, is_shared=not database.is_sqlite):
        case Step.GO_ON:
            return
        case Step.MIGRATE:
            migrate(database)
        case Step.ASK:
            raise UserError(
                f"the ledger {database.url.shown} has schema {found}, this fairway needs {REVISIONS[-1]}",
                fix="bring it up to date once, for everybody: fairway ledger migrate",
            )
        case Step.REFUSE:
            raise _newer(database, found)


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
        step = next_step(before, is_shared=False)
        if step is Step.REFUSE:
            raise _newer(database, before)
        if step is Step.MIGRATE:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, REVISIONS[-1])
    return before, REVISIONS[-1]


def _newer(database: Database, found: str) -> Refused:
    return Refused(
        f"the ledger {database.url.shown} has schema {found}; this fairway knows up to {REVISIONS[-1]}",
        fix="use the fairway that made it, or a newer one: pip install --upgrade fairway-cd",
    )


def _read(connection: Connection) -> str:
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or ""


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
