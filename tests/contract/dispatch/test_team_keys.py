"""Keys of teams: alike in memory, SQLite and PostgreSQL; in a database never readable without the server's key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from fairway.adapters.memory.team_keys import MemoryTeamKeys
from fairway.adapters.secretbox import NotOpened, SecretBox
from fairway.adapters.sql.database import Database
from fairway.adapters.sql.key_tables import team_keys
from fairway.adapters.sql.team_keys import SqlTeamKeys, open_team_keys
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.dispatch.team_keys import MOST_KEYS, KeysOfTeam
from fairway.services.hookd.ports import TeamKeys

BOX = SecretBox([bytes(32)])
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = 86400.0


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    found: str = request.getfixturevalue("postgresql_url")
    return found


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def keys(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[TeamKeys]:
    if request.param == "memory":
        yield MemoryTeamKeys(clock)
        return
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened = await asyncio.to_thread(open_team_keys, read_ledger_url(url), BOX, clock)
    yield opened
    await opened.close()


class TestEachOfThem:
    async def test_a_team_without_a_key_has_none(self, keys: TeamKeys) -> None:
        assert await keys.keys("orders") == []
        assert await keys.revoke("orders") == 0
        assert await keys.teams() == []

    async def test_a_new_key_is_good_at_once_and_long_enough(self, keys: TeamKeys) -> None:
        made = await keys.rotate("orders", keep_old_for=DAY)
        assert await keys.keys("orders") == [made]
        assert len(made) == 32

    async def test_slugs_are_compared_without_regard_to_case(self, keys: TeamKeys) -> None:
        made = await keys.rotate("Orders", keep_old_for=DAY)
        assert await keys.keys("oRDERS") == [made]
        assert [one.team for one in await keys.teams()] == ["orders"]
        assert await keys.revoke("ORDERS") == 1

    async def test_the_former_key_stays_good_for_so_long(self, keys: TeamKeys, clock: Clock) -> None:
        first = await keys.rotate("orders", keep_old_for=DAY)
        clock.go(10)
        second = await keys.rotate("orders", keep_old_for=60)
        assert await keys.keys("orders") == [second, first]
        clock.go(59)
        assert await keys.keys("orders") == [second, first]
        clock.go(1)
        assert await keys.keys("orders") == [second]

    async def test_without_time_to_keep_them_the_former_ones_end_at_once(self, keys: TeamKeys) -> None:
        await keys.rotate("orders", keep_old_for=0)
        second = await keys.rotate("orders", keep_old_for=0)
        assert await keys.keys("orders") == [second]

    async def test_a_later_rotation_does_not_lengthen_the_life_of_a_key(self, keys: TeamKeys, clock: Clock) -> None:
        first = await keys.rotate("orders", keep_old_for=0)
        clock.go(1)
        second = await keys.rotate("orders", keep_old_for=60)
        clock.go(1)
        third = await keys.rotate("orders", keep_old_for=DAY)
        assert await keys.keys("orders") == [third, second, first]
        clock.go(60)
        assert await keys.keys("orders") == [third, second]

    async def test_no_more_than_a_few_are_good_at_once(self, keys: TeamKeys) -> None:
        made = [await keys.rotate("orders", keep_old_for=DAY) for _ in range(MOST_KEYS + 3)]
        assert await keys.keys("orders") == made[: -MOST_KEYS - 1 : -1]

    async def test_the_newest_is_first_also_when_the_clock_goes_back(self, keys: TeamKeys, clock: Clock) -> None:
        first = await keys.rotate("orders", keep_old_for=DAY)
        clock.go(-5)
        second = await keys.rotate("orders", keep_old_for=DAY)
        assert await keys.keys("orders") == [second, first]

    async def test_revoking_ends_all_of_one_team_and_of_no_other(self, keys: TeamKeys) -> None:
        await keys.rotate("orders", keep_old_for=DAY)
        await keys.rotate("orders", keep_old_for=DAY)
        other = await keys.rotate("web", keep_old_for=DAY)
        assert await keys.revoke("orders") == 2
        assert (await keys.keys("orders"), await keys.keys("web")) == ([], [other])

    async def test_teams_are_listed_without_their_keys(self, keys: TeamKeys, clock: Clock) -> None:
        await keys.rotate("web", keep_old_for=DAY)
        await keys.rotate("orders", keep_old_for=DAY)
        clock.go(10)
        await keys.rotate("orders", keep_old_for=60)
        assert await keys.teams() == [
            KeysOfTeam("orders", 2, clock.at, clock.at + timedelta(seconds=60)),
            KeysOfTeam("web", 1, START),
        ]

    async def test_rotations_at_once_leave_one_key_that_does_not_end(self, keys: TeamKeys, clock: Clock) -> None:
        made = await asyncio.gather(*(keys.rotate("orders", keep_old_for=60) for _ in range(4)))
        assert set(await keys.keys("orders")) == set(made)
        clock.go(61)
        assert len(await keys.keys("orders")) == 1


class TestInADatabase:
    async def test_what_is_stored_cannot_be_read(self, url: str, clock: Clock) -> None:
        keys = await self.opened(url, clock)
        made = await keys.rotate("orders", keep_old_for=DAY)
        await keys.close()
        stored = str(self.rows(url)).encode() + b"".join(row["sealed"] for row in self.rows(url))
        assert made not in stored
        assert made.hex().encode() not in stored

    async def test_another_process_finds_them(self, url: str, clock: Clock) -> None:
        first, second = await self.opened(url, clock), await self.opened(url, clock)
        made = await first.rotate("orders", keep_old_for=DAY)
        assert await second.keys("orders") == [made]
        await second.revoke("orders")
        assert await first.keys("orders") == []
        await first.close()
        await second.close()

    async def test_without_the_server_s_key_they_do_not_open(self, url: str, clock: Clock) -> None:
        keys = await self.opened(url, clock)
        await keys.rotate("orders", keep_old_for=DAY)
        await keys.close()
        other = await asyncio.to_thread(open_team_keys, read_ledger_url(url), SecretBox([b"\1" * 32]), clock)
        with pytest.raises(NotOpened):
            await other.keys("orders")
        assert [one.team for one in await other.teams()] == ["orders"]
        await other.close()

    async def test_a_key_does_not_open_in_the_row_of_another_team(self, url: str, clock: Clock) -> None:
        keys = await self.opened(url, clock)
        await keys.rotate("mine", keep_old_for=DAY)
        database = Database(read_ledger_url(url))
        with database.writing() as connection:
            connection.execute(update(team_keys).values(team="theirs"))
        database.close()
        with pytest.raises(NotOpened):
            await keys.keys("theirs")
        await keys.close()

    async def test_what_has_ended_is_not_kept(self, url: str, clock: Clock) -> None:
        keys = await self.opened(url, clock)
        for _ in range(4):
            await keys.rotate("orders", keep_old_for=1)
            clock.go(2)
        await keys.close()
        assert len(self.rows(url)) == 2

    @staticmethod
    async def opened(url: str, clock: Clock) -> SqlTeamKeys:
        return await asyncio.to_thread(open_team_keys, read_ledger_url(url), BOX, clock)

    @staticmethod
    def rows(url: str) -> list[dict[str, bytes]]:
        database = Database(read_ledger_url(url))
        with database.reading() as connection:
            found = [dict(row) for row in connection.execute(select(team_keys)).mappings()]
        database.close()
        return found
