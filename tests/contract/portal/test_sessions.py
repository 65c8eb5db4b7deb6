"""Sessions: the same questions to every place where they are kept, and to what gives them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fairway.adapters.memory.sessions import MemorySessions
from fairway.adapters.secretbox import SecretBox, new_key
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.sessions import SqlSessions
from fairway.adapters.sql.urls import read_ledger_url
from fairway.services.portal.ports import Person, SessionRow, SessionStore, UserToken
from fairway.services.portal.sessions import Sessions

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANNA = Person("anna", 2**40)
TOKEN = UserToken("ghu_1", "ghr_1", NOON + timedelta(hours=8))
ROW = SessionRow("k" * 64, "s" * 64, "anna", 2**40, NOON, NOON, NOON + timedelta(hours=8), b"\x00sealed")


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SessionStore]:
    if request.param == "memory":
        yield MemorySessions()
        return
    url = f"sqlite:///{tmp_path / 'l.db'}" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = await asyncio.to_thread(open_database, read_ledger_url(url))
    yield SqlSessions(database)
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box() -> SecretBox:
    return SecretBox([new_key()])


@pytest.fixture
def sessions(store: SessionStore, clock: Clock, box: SecretBox) -> Sessions:
    return Sessions(store, box, clock, idle=timedelta(hours=1), longest=timedelta(hours=8))


async def test_a_row_is_kept_as_it_is(store: SessionStore) -> None:
    assert await store.get(ROW.key) is None
    assert await store.add(ROW)
    assert await store.get(ROW.key) == ROW
    later = NOON + timedelta(minutes=5)
    await store.seen(ROW.key, later)
    await store.renewed(ROW.key, b"other")
    assert await store.get(ROW.key) == replace(ROW, seen_at=later, token=b"other")
    await store.seen("unknown", later)
    await store.end("unknown", later)


async def test_one_sign_in_makes_one_row_also_at_once(store: SessionStore) -> None:
    rows = [replace(ROW, key=str(number) * 64) for number in range(5)]
    assert sorted(await asyncio.gather(*(store.add(row) for row in rows))) == [False] * 4 + [True]


async def test_an_ended_row_keeps_its_sign_in_and_forgets_its_token(store: SessionStore) -> None:
    await store.add(ROW)
    end = NOON + timedelta(minutes=1)
    await store.end(ROW.key, end)
    assert await store.get(ROW.key) == replace(ROW, ends_at=end, token=b"")
    await store.end(ROW.key, end + timedelta(hours=1))
    assert await store.get(ROW.key) == replace(ROW, ends_at=end, token=b"")
    assert not await store.add(replace(ROW, key="x" * 64))
    assert await store.forget(end) == 0
    assert await store.forget(end + timedelta(seconds=1)) == 1
    assert await store.add(ROW)


async def test_a_session_is_found_by_its_secret_alone(sessions: Sessions) -> None:
    made = await sessions.begin(ANNA, TOKEN, "state")
    assert made is not None
    found = await sessions.find(made.secret)
    assert found is not None
    assert (found.person, found.token, found.csrf) == (ANNA, TOKEN, made.csrf)
    for wrong in ("", made.secret + "x", made.row.key, "é", "x" * 101):
        assert await sessions.find(wrong) is None


async def test_each_session_has_a_secret_and_a_form_token_of_its_own(sessions: Sessions) -> None:
    one, other = await sessions.begin(ANNA, TOKEN, "a"), await sessions.begin(ANNA, TOKEN, "b")
    assert one is not None
    assert other is not None
    assert one.secret != other.secret
    assert one.is_form(one.csrf)
    assert not one.is_form(other.csrf)
    assert not one.is_form("")
    assert one.secret not in repr(one)
    assert TOKEN.access not in repr(one)


async def test_a_sign_in_is_good_once(sessions: Sessions) -> None:
    made = await sessions.begin(ANNA, TOKEN, "state")
    assert made is not None
    assert await sessions.begin(ANNA, TOKEN, "state") is None
    await sessions.end(made)
    assert await sessions.begin(ANNA, TOKEN, "state") is None


async def test_a_session_ends_when_nobody_is_there_and_in_any_case(sessions: Sessions, clock: Clock) -> None:
    idle, busy = await sessions.begin(ANNA, TOKEN, "a"), await sessions.begin(ANNA, TOKEN, "b")
    assert idle is not None
    assert busy is not None
    for _ in range(15):
        clock.now += timedelta(minutes=30)
        assert await sessions.find(busy.secret)
    assert await sessions.find(idle.secret) is None
    clock.now = NOON + timedelta(hours=8)
    assert await sessions.find(busy.secret) is None


async def test_the_end_is_at_once(sessions: Sessions) -> None:
    made = await sessions.begin(ANNA, TOKEN, "a")
    assert made is not None
    await sessions.end(made)
    assert await sessions.find(made.secret) is None


async def test_a_renewed_token_is_found_from_then_on(sessions: Sessions) -> None:
    made = await sessions.begin(ANNA, TOKEN, "a")
    assert made is not None
    newer = UserToken("ghu_2", "ghr_2", None)
    await sessions.renewed(made, newer)
    found = await sessions.find(made.secret)
    assert found is not None
    assert found.token == newer


async def test_another_key_of_the_server_signs_everybody_out(
    store: SessionStore, sessions: Sessions, clock: Clock
) -> None:
    made = await sessions.begin(ANNA, TOKEN, "a")
    assert made is not None
    others = Sessions(store, SecretBox([new_key()]), clock, idle=timedelta(hours=1), longest=timedelta(hours=8))
    assert await others.find(made.secret) is None


async def test_old_rows_go_by_themselves(store: SessionStore, sessions: Sessions, clock: Clock) -> None:
    first = await sessions.begin(ANNA, TOKEN, "a")
    assert first is not None
    clock.now += timedelta(hours=9)
    await sessions.begin(ANNA, TOKEN, "b")
    assert await store.get(first.row.key) is None
