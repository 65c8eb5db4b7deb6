"""A part of a process: what is away is waited for, what is wrong ends it, and /readyz says how it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from fairway.domain.errors import Transient, UserError
from fairway.entrypoints.workers.part import LONGEST_WAIT, EndedByItself, Part, Sleep


class Thing:
    """Opens as often as it is told to; notes what happens to it."""

    def __init__(self, *troubles: Exception) -> None:
        self.troubles = list(troubles)
        self.opened = 0
        self.closed = 0
        self.waits: list[float] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Thing]:
        if self.troubles:
            raise self.troubles.pop(0)
        self.opened += 1
        try:
            yield self
        finally:
            self.closed += 1

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    def part(self, run: Callable[[Thing], object], sleep: Sleep | None = None) -> Part[Thing]:
        async def running(thing: Thing) -> None:
            result = run(thing)
            if isinstance(result, BaseException):
                raise result
            if result == "forever":
                await asyncio.Event().wait()

        return Part(
            "queue",
            self.open,
            running,
            lambda thing: {"queue": "", "lag": ""},
            sleep=sleep or self.sleep,
            chance=lambda: 0.5,
        )


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0)


async def test_it_is_ready_when_it_is_open_and_says_why_when_it_is_not() -> None:
    thing = Thing(Transient("nobody listens on 127.0.0.1:9092"))
    gate = asyncio.Event()

    async def held(_: float) -> None:
        await gate.wait()

    part = thing.part(lambda _: "forever", held)
    assert part.ready() == {"queue": "is starting"}
    task = asyncio.create_task(part.run())
    await until(lambda: "nobody" in str(part.ready()))
    assert part.ready() == {"queue": "nobody listens on 127.0.0.1:9092; it is tried again"}
    gate.set()
    await until(lambda: part.opened is not None)
    assert part.ready() == {"queue": "", "lag": ""}
    task.cancel()
    await asyncio.wait([task])
    assert thing.closed == 1
    assert part.opened is None


async def test_what_is_away_is_tried_again_ever_more_slowly_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    thing = Thing(*[Transient("away") for _ in range(9)])
    with caplog.at_level(logging.INFO):
        task = asyncio.create_task(thing.part(lambda _: "forever").run())
        await until(lambda: thing.opened == 1)
        task.cancel()
        await asyncio.wait([task])
    assert thing.waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(thing.waits) == LONGEST_WAIT
    assert [record.getMessage() for record in caplog.records] == ["part.away", "part.back"]


async def test_one_that_breaks_off_is_closed_and_opened_again() -> None:
    thing = Thing()
    results = [Transient("gone"), ExceptionGroup("several", [Transient("gone"), Transient("too")]), "forever"]
    task = asyncio.create_task(thing.part(lambda _: results.pop(0)).run())
    await until(lambda: not results)
    assert (thing.opened, thing.closed) == (3, 2)
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize(
    "error",
    [
        UserError("the key is wrong"),
        ValueError("nobody foresaw this"),
        ExceptionGroup("several", [Transient("gone"), ValueError("and this")]),
    ],
)
async def test_what_waiting_does_not_help_ends_it(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        await Thing().part(lambda _: error).run()
    assert caught.value is error
    if not isinstance(error, ExceptionGroup):
        with pytest.raises(type(error)):
            await Thing(error).part(lambda _: "forever").run()


async def test_one_that_ends_by_itself_is_a_mistake_that_is_told() -> None:
    with pytest.raises(EndedByItself, match="queue ended by itself"):
        await Thing().part(lambda _: None).run()


async def test_one_that_answers_the_cancellation_by_returning_has_ended_well() -> None:
    thing = Thing()
    seen: list[str] = []

    async def quiet(_: Thing) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("ended")

    task = asyncio.create_task(Part("agent", thing.open, quiet, lambda _: {}).run())
    await until(lambda: thing.opened == 1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert seen == ["ended"]
