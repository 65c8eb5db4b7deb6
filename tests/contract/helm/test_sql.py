"""Records in a real PostgreSQL: tables made once by many, rights that are missing, a server that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from fairway.adapters.helm.sql import SqlRevisionStore
from fairway.adapters.helm.sql_database import RecordDatabase
from fairway.domain.errors import Terminal, Transient, UserError
from fairway.domain.releases.revision import Revision, Status

pytestmark = pytest.mark.postgresql

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WEB = Revision("web", "shop", 1, Status.DEPLOYED, "---\na: 1\n", notes_to_self={"inputs": "1"}, labels={"team": "a"})


def store(url: str) -> SqlRevisionStore:
    return SqlRevisionStore(url, now=lambda: NOW)


@contextmanager
def role(url: str, name: str) -> Iterator[str]:
    """The database as a role of no rights sees it: nothing may be created in it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield url.replace("postgres:@", f"{name}@")
        connection.execute(f"DROP OWNED BY {name}")
        connection.execute(f"DROP ROLE {name}")


async def test_many_who_come_at_once_make_the_tables_once(postgresql_url: str) -> None:
    stores = [store(postgresql_url) for _ in range(6)]
    found = await asyncio.gather(*(one.summaries(None) for one in stores))
    assert found == [[]] * 6
    await stores[0].create(WEB)
    assert await stores[5].read("shop", "web", 1) == WEB
    for one in stores:
        await one.close()


async def test_tables_of_an_older_helm_are_completed(postgresql_url: str) -> None:
    first = store(postgresql_url)
    await first.create(WEB)
    await first.close()
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("DROP TABLE custom_labels_v1, fairway_release_notes")
        connection.execute("DELETE FROM gorp_migrations WHERE id = 'custom_labels'")
    again = store(postgresql_url)
    assert await again.read("shop", "web", 1) == replace(WEB, labels={}, notes_to_self={})
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute("SELECT count(*) FROM gorp_migrations").fetchone() == (2,)
    await again.close()


async def test_the_same_revision_lives_in_each_namespace(postgresql_url: str) -> None:
    one = store(postgresql_url)
    other = replace(WEB, namespace="test", labels={"team": "b"}, notes_to_self={"inputs": "2"})
    await one.create(WEB)
    await one.create(other)
    assert (await one.read("shop", "web", 1), await one.read("test", "web", 1)) == (WEB, other)
    await one.delete("shop", "web", 1)
    assert await one.summaries("shop") == []
    assert await one.read("test", "web", 1) == other
    await one.close()


async def test_any_size_is_one_row_that_helm_can_read(postgresql_url: str) -> None:
    one = store(postgresql_url)
    large = replace(WEB, manifest="".join(f"# {n * 7919 % 1_000_003:x}\n" for n in range(400_000)))
    await one.create(large)
    assert await one.read("shop", "web", 1) == large
    (summary,) = await one.summaries("shop")
    assert summary.helm_readable
    await one.close()


async def test_a_change_is_whole_or_not_at_all(postgresql_url: str) -> None:
    one = store(postgresql_url)
    await one.create(WEB)
    broken = replace(WEB, status=Status.FAILED, labels={"team": "x" * 100})
    with pytest.raises(Terminal, match="too long"):
        await one.update(broken)
    assert await one.read("shop", "web", 1) == WEB
    with pytest.raises(Terminal, match="too long"):
        await one.create(replace(broken, version=2))
    assert [s.version for s in await one.summaries("shop")] == [1]
    await one.close()


async def test_who_may_not_make_the_tables_is_told_where_that_is_written(postgresql_url: str) -> None:
    with role(postgresql_url, "nobody_much") as url:
        poor = store(url)
        with pytest.raises(Terminal, match="permission denied") as caught:
            await poor.summaries(None)
        assert caught.value.fix is not None
        assert "records.md" in caught.value.fix
        await poor.close()


async def test_a_role_with_policies_works_on_tables_that_another_made(postgresql_url: str) -> None:
    first = store(postgresql_url)
    await first.create(WEB)
    with role(postgresql_url, "team_b") as url:
        theirs = store(url)
        assert await theirs.summaries(None) == [], "row-level security hides what no policy shows"
        with psycopg.connect(postgresql_url) as connection:
            for table in ("releases_v1", "custom_labels_v1", "fairway_release_notes"):
                connection.execute(f"CREATE POLICY everything ON {table} TO team_b USING (true)")
        assert await theirs.read("shop", "web", 1) == WEB
        await theirs.update(replace(WEB, status=Status.SUPERSEDED))
        await theirs.close()
        with psycopg.connect(postgresql_url) as connection:
            for table in ("releases_v1", "custom_labels_v1", "fairway_release_notes"):
                connection.execute(f"DROP POLICY everything ON {table}")
    stored = await first.read("shop", "web", 1)
    assert stored is not None
    assert stored.status is Status.SUPERSEDED
    await first.close()


async def test_a_connection_that_the_server_ended_is_replaced(postgresql_url: str) -> None:
    one = store(postgresql_url)
    await one.create(WEB)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await one.read("shop", "web", 1) == WEB
    await one.close()


async def test_a_database_that_is_not_there_is_a_passing_failure_that_names_it() -> None:
    away = store("host=127.0.0.1 port=9 dbname=records user=helm password=hunter22")
    with pytest.raises(Transient, match=r"127\.0\.0\.1/records can't be reached") as caught:
        await away.summaries(None)
    assert "hunter22" not in str(caught.value)
    await away.close()


@pytest.mark.parametrize("text", ["mysql://helm@db/records", "no such thing", "host"])
def test_what_is_no_connection_string_is_told_without_repeating_it(text: str) -> None:
    with pytest.raises(UserError, match="HELM_DRIVER_SQL_CONNECTION_STRING can't be read"):
        RecordDatabase(text)
