"""Trying again: as long as there is time, and only for what passes by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fairway.domain.errors import FairwayError, Terminal, Transient
from fairway.domain.kube_errors import Conflict, Forbidden
from fairway.services.deployd.insisting import Insisting
from fairway.services.engine.retrying import Backoff

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """Time goes on only while somebody pauses."""

    def __init__(self) -> None:
        self.time = NOON
        self.pauses: list[float] = []

    def now(self) -> datetime:
        return self.time

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += timedelta(seconds=seconds)


class Work:
    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


def insisting(clock: Clock) -> Insisting:
    return Insisting(clock.now, Backoff(first=1, longest=4, pause=clock.pause, jitter=lambda: 1.0))


async def test_what_passes_is_tried_again_with_growing_pauses() -> None:
    clock, work = Clock(), Work(*[Transient("away")] * 3, Conflict("somebody else wrote"))
    assert await insisting(clock).until(NOON + timedelta(minutes=1), work) == "done"
    assert clock.pauses == [1, 2, 4, 4]


@pytest.mark.parametrize("error", [Forbidden("no"), Terminal("never")])
async def test_what_does_not_pass_is_told_at_once(error: FairwayError) -> None:
    clock, work = Clock(), Work(error)
    with pytest.raises(type(error)):
        await insisting(clock).until(NOON + timedelta(minutes=1), work)
    assert work.tries == 1


async def test_when_there_is_no_time_left_the_last_reason_is_told() -> None:
    clock, work = Clock(), Work(*[Transient(f"away {n}") for n in range(99)])
    with pytest.raises(Transient, match="away 3"):
        await insisting(clock).until(NOON + timedelta(seconds=10), work)
    assert clock.now() < NOON + timedelta(seconds=10)


async def test_it_is_tried_once_when_the_time_is_over_already() -> None:
    clock, work = Clock(), Work()
    assert await insisting(clock).until(NOON - timedelta(seconds=1), work) == "done"


async def test_for_ever_tells_of_the_first_failure_only() -> None:
    clock, work, told = Clock(), Work(*[Transient("away")] * 5), []
    assert await insisting(clock).for_ever(work, lambda error: told.append(error.message)) == "done"
    assert (told, work.tries) == (["away"], 6)
    with pytest.raises(Terminal):
        await insisting(clock).for_ever(Work(Terminal("broken")), lambda error: None)
