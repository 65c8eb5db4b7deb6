"""Suspending and resuming: stored, written down, and told."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.suspensions import MemorySuspensions
from fairway.adapters.spool.memory import MemorySpool
from fairway.domain.deployments.record import Cause, Door
from fairway.domain.errors import Position, UserError
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.repository.models import Cluster, Environment, Owner, Provider, Release
from fairway.domain.suspensions.suspension import Suspension
from fairway.services.recording.recorder import Recorder
from fairway.services.suspending.suspending import Suspending

HERE = Position("environments.yaml", 1, 1)
NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
WEB = Release("web", HERE, owner=Owner(slack="#web"))
PROD = Environment("prod", Cluster("eu-1", Provider("existingContext"), HERE), "shop", HERE, releases=(WEB,))


class World:
    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.told: list[Happening] = []
        self.kept = MemorySuspensions()
        self.clock = NOW

        async def open_ledger() -> MemoryLedger:
            return self.ledger

        self.recorder = Recorder(
            MemorySpool(), open_ledger, now=lambda: self.clock, random=secrets.randbits, warn=print, spare=MemorySpool()
        )
        run = self.recorder.begin(Door.CLI, "suspend", Cause(user="ada"))
        numbers: Callable[[], str] = map(str, range(100)).__next__
        self.suspending = Suspending(
            PROD, self.kept, self.recorder, run, "ada", lambda: self.clock, numbers, self.told.append
        )

    async def written(self) -> list[tuple[str, str, str]]:
        """Release, what was asked for, and its outcome in words."""
        await self.recorder.flush()
        stories = await self.ledger.starting_with("", limit=100)
        return [
            (s.deployment.change.release, s.deployment.change.action.value, s.outcome.description)
            for s in stories
            if s.outcome is not None
        ]


@pytest.fixture
def world() -> World:
    return World()


async def test_what_is_suspended_is_stored_written_down_and_told(world: World) -> None:
    end = NOW + timedelta(hours=2)
    await world.suspending.suspend(["web"], "database move", end)
    assert await world.kept.list("prod") == (Suspension("prod", "web", "database move", "ada", NOW, end),)
    words = "suspended by ada until 2026-11-21 16:30 UTC: database move"
    assert await world.written() == [("web", "suspend", words)]
    (told,) = world.told
    assert (told.kind, told.environment, told.release, told.owner) == (
        EventKind.SUSPENDED, "prod", "web", WEB.owner,
    )  # fmt: skip
    assert told.title == "prod: web suspended until 2026-11-21 16:30 UTC"
    assert told.lines == ("database move", "by ada")


async def test_without_releases_the_whole_environment_is_meant(world: World) -> None:
    await world.suspending.suspend([], "freeze", None)
    await world.suspending.resume([])
    assert await world.kept.list("prod") == ()
    assert await world.written() == [
        ("*", "suspend", "suspended with all of prod by ada: freeze"),
        ("*", "resume", "resumed by ada"),
    ]
    assert [told.title for told in world.told] == ["environment prod suspended", "environment prod resumed"]


async def test_resuming_the_environment_leaves_single_releases_suspended_unless_all_are_meant(world: World) -> None:
    await world.suspending.suspend([], "freeze", None)
    await world.suspending.suspend(["web", "orders"], "move", None)
    await world.suspending.resume([])
    assert [one.release for one in await world.suspending.current()] == ["orders", "web"]
    gone = await world.suspending.resume([], everything=True)
    assert [one.release for one in gone] == ["orders", "web"]
    assert await world.suspending.resume([], everything=True) == ()
    assert len(world.told) == 4


async def test_what_is_not_suspended_by_itself_says_what_is(world: World) -> None:
    with pytest.raises(UserError, match="web of prod is not suspended") as nothing:
        await world.suspending.resume(["web"])
    assert nothing.value.fix == "nothing of prod is suspended"
    await world.suspending.suspend(["orders"], "move", None)
    with pytest.raises(UserError, match="prod as a whole is not suspended") as single:
        await world.suspending.resume([])
    assert single.value.fix == "suspended there: orders; all of them: fairway resume prod --all"
    await world.suspending.suspend([], "freeze", None)
    with pytest.raises(UserError, match="web of prod is not suspended") as whole:
        await world.suspending.resume(["web", "orders"])
    assert whole.value.fix == "all of prod is: fairway resume prod"
    assert len(await world.suspending.current()) == 2, "nothing was resumed"


async def test_what_is_over_is_not_listed_and_need_not_be_resumed(world: World) -> None:
    await world.suspending.suspend(["web"], "move", NOW + timedelta(hours=1))
    world.clock += timedelta(hours=1)
    assert await world.suspending.current() == ()
    with pytest.raises(UserError, match="not suspended"):
        await world.suspending.resume(["web"])
