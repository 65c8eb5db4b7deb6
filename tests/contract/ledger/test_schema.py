"""The tables of a database: made by the first to come, brought up to date, and left alone when they are too new."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.ledger import open_ledger
from fairway.adapters.sql.maintenance import inspect_at, migrate_at
from fairway.adapters.sql.schema import (
    MIGRATIONS,
    REVISIONS,
    VERSION_TABLE,
    Step,
    migrate,
    next_step,
    prepare,
    read_schema,
)
from fairway.adapters.sql.tables import metadata
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.errors import Refused, Terminal, Transient, UserError


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(read_ledger_url(database_url))
    yield opened
    opened.close()


def set_version(database: Database, version: str) -> None:
    with database.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :version"), {"version": version})


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    steps = [step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert tuple(reversed(steps)) == REVISIONS


def test_the_migrations_end_in_the_tables_as_the_code_knows_them(database: Database) -> None:
    migrate(database)
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize(
    ("found", "alone", "shared"),
    [
        ("", Step.MIGRATE, Step.MIGRATE),
        ("0001", Step.MIGRATE, Step.ASK),
        ("0002", Step.GO_ON, Step.GO_ON),
        ("0003", Step.REFUSE, Step.REFUSE),
    ],
)
def test_a_shared_schema_is_never_changed_by_the_way(found: str, alone: Step, shared: Step) -> None:
    known = ("0001", "0002")
    assert next_step(found, is_shared=False, revisions=known) is alone
    assert next_step(found, is_shared=True, revisions=known) is shared


def test_an_empty_database_gets_its_tables_without_being_asked(database: Database) -> None:
    assert read_schema(database) == ""
    prepare(database)
    assert read_schema(database) == REVISIONS[-1]
    prepare(database)


def test_migrating_tells_what_it_did(database_url: str) -> None:
    url = read_ledger_url(database_url)
    assert migrate_at(url) == ("", REVISIONS[-1])
    assert migrate_at(url) == (REVISIONS[-1], REVISIONS[-1])


def test_several_may_start_on_an_empty_database_at_once(database_url: str) -> None:
    def start(_: int) -> bool:
        database = Database(read_ledger_url(database_url))
        try:
            prepare(database)
            return read_schema(database) == REVISIONS[-1]
        finally:
            database.close()

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(start, range(6)))


def test_a_newer_schema_is_left_alone_and_named(database: Database) -> None:
    prepare(database)
    set_version(database, "9999")
    with pytest.raises(Refused, match=f"has schema 9999; this fairway knows up to {REVISIONS[-1]}") as refused:
        prepare(database)
    assert refused.value.fix
    with pytest.raises(Refused, match="9999"):
        migrate(database)
    assert read_schema(database) == "9999"


def test_the_condition_of_a_newer_ledger_can_still_be_seen(database: Database) -> None:
    prepare(database)
    set_version(database, "9999")
    seen = inspect_at(database.url)
    assert (seen.schema, seen.schema_wanted, seen.problem) == ("9999", REVISIONS[-1], "")


def test_looking_at_a_ledger_that_is_not_there_makes_no_file(tmp_path: Path) -> None:
    seen = inspect_at(read_ledger_url(f"sqlite:///{tmp_path / 'none.db'}"))
    assert (seen.schema, seen.problem) == ("", "")
    assert list(tmp_path.iterdir()) == []


async def test_the_folder_of_a_new_ledger_is_private(tmp_path: Path) -> None:
    ledger = await asyncio.to_thread(open_ledger, read_ledger_url(f"sqlite:///{tmp_path / 'new' / 'ledger.db'}"))
    await ledger.close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["le dger?.db", "100%41.db", "#1.db", "größe.db"])
def test_odd_file_names_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a b"
    url = read_ledger_url(f"sqlite:///{folder / name.replace('?', '')}")
    migrate_at(url)
    assert (folder / name.replace("?", "")).exists()


class TestErrors:
    def test_a_server_that_is_away_is_transient_and_its_password_stays_secret(self) -> None:
        with pytest.raises(Transient, match=r"postgresql://anna@127\.0\.0\.1:1/db can't be reached") as error:
            open_ledger(read_ledger_url("postgresql://anna:hunter2@127.0.0.1:1/db"))
        assert "hunter2" not in str(error.value)

    def test_a_folder_that_can_not_be_made_is_transient(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(Transient, match="unable to open database file"):
            open_ledger(read_ledger_url(f"sqlite:///{tmp_path / 'file' / 'ledger.db'}"))

    def test_a_file_that_is_no_database_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "ledger.db").write_text("this is not a database, it is a text of some length" * 50)
        with pytest.raises(Terminal, match="not a database") as error:
            open_ledger(read_ledger_url(f"sqlite:///{tmp_path / 'ledger.db'}"))
        assert "move it away" in str(error.value.fix)

    @pytest.mark.postgresql
    def test_a_database_that_does_not_exist_is_named(self, postgresql_url: str) -> None:
        with pytest.raises(Transient, match='database "elsewhere" does not exist'):
            open_ledger(read_ledger_url(re.sub(r"/t_\w+", "/elsewhere", postgresql_url)))

    def test_there_is_nothing_to_migrate_without_a_database(self) -> None:
        with pytest.raises(UserError, match="no database"):
            migrate_at(read_ledger_url("none"))
