"""What hookd asks its store again and again must not read every request that there ever was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from tests.support.hookd import a_request

from fairway.adapters.sql.requests import open_request_store
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.tracking import Step

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Asked = tuple[str, Any]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def test_what_is_asked_all_the_time_is_found_by_an_index(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    store = await asyncio.to_thread(open_request_store, read_ledger_url(url))
    new = a_request()
    with listening() as asked:
        await store.add([new])
        await store.unpublished(limit=10)
        await store.published([new.request.delivery_id], NOW)
        await store.step([Step(new.request.delivery_id, State.SUCCESS, NOW, "")])
        await store.unfinished(due=NOW)
        await store.succeeded(new.request.delivery_id)
        await store.to_post(limit=8, now=NOW, until=NOW + timedelta(minutes=1))
        await store.counts()
        await store.by_deployment(new.request.repository, 7)
    await store.close()
    questions = [one for one in asked if one[0].lstrip().startswith("SELECT") and "FROM requests" in one[0]]
    assert len(questions) >= 9
    engine = create_engine(read_ledger_url(url).url)
    with engine.connect() as connection:
        slow = [sql for sql, values in questions if reads_everything(connection, sql, values)]
    engine.dispose()
    assert slow == []


@contextmanager
def listening() -> Iterator[list[Asked]]:
    asked: list[Asked] = []

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        asked.append((sql, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def reads_everything(connection: Connection, sql: str, values: Any) -> bool:
    """Whether the database has no way but to look at each request; it may prefer that while there are few."""
    if connection.dialect.name == "sqlite":
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
        partial = ("requests_open", "requests_owed", "requests_standing", "requests_unpublished")
        return any(step.startswith("SCAN requests") and not any(name in step for name in partial) for step in plan)
    connection.exec_driver_sql("SET enable_seqscan = off")
    plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}", values)]
    return any("Seq Scan on requests" in step for step in plan)
