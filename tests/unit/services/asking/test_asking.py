"""Asking and following within one time: what is tried again, what is told, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.memory.addressee import MemoryAddressee
from fairway.domain.dispatch.endings import Ending, outcome
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.wanted import Receipt, Told, Wanted
from fairway.domain.errors import FairwayError, Terminal, Transient, UserError
from fairway.domain.notifications.delivery import TryLater
from fairway.services.asking.asking import Asking, Ended, Limits

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WANTED = Wanted(RepositoryName("shop", "web"), "prod", "shop", ())


class Heard:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def asked(self, receipt: Receipt) -> None:
        self.lines.append(f"asked {receipt.id}")

    def status(self, told: Told) -> None:
        self.lines.append(told.state)

    def waiting(self, state: str, seconds: float) -> None:
        self.lines.append(f"waiting {state} {seconds:.0f}")

    def trouble(self, error: FairwayError, again_in: float) -> None:
        self.lines.append(f"trouble {error.message} {again_in:.0f}")


class Clock:
    """Time passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def told(*states: str) -> list[Told]:
    return [Told(state, f"it is {state}", NOON + timedelta(seconds=n)) for n, state in enumerate(states)]


async def run(addressee: MemoryAddressee, *, timeout: float = 600, **more: bool) -> tuple[Ended, list[str], float]:
    clock, heard = Clock(), Heard()
    ended = await Asking(addressee, heard, clock.sleep, clock).run(WANTED, Limits(timeout, **more))
    return ended, [one for one in heard.lines if not one.startswith("waiting")], clock.now - 1000


@pytest.mark.parametrize(
    ("state", "ending"),
    [
        ("success", Ending.SUCCESS),
        ("failure", Ending.FAILURE),
        ("error", Ending.ERROR),
        ("inactive", Ending.INACTIVE),
    ],
)
async def test_every_status_is_told_once_and_the_final_one_ends_it(state: str, ending: Ending) -> None:
    looks = [told("queued"), told("queued"), told("queued", "in_progress"), told("queued", "in_progress", state)]
    ended, lines, _ = await run(MemoryAddressee(looks=list(looks)))
    assert ended.ending is ending
    assert ended.last is not None
    assert ended.last.description == f"it is {state}"
    assert lines == ["asked 1", "queued", "in_progress", state]


async def test_what_comes_after_the_outcome_does_not_change_it() -> None:
    ended, lines, _ = await run(MemoryAddressee(looks=[told("queued", "success", "inactive")]))
    assert (ended.ending, lines[-1]) == (Ending.SUCCESS, "success")


async def test_without_waiting_it_ends_when_it_is_asked_for() -> None:
    ended, lines, seconds = await run(MemoryAddressee(), wait=False)
    assert (ended.ending, lines, seconds) == (Ending.SUCCESS, ["asked 1"], 0)


async def test_who_does_not_answer_is_asked_again() -> None:
    addressee = MemoryAddressee(refusals=[Transient("away"), Transient("away")], looks=[told("success")])
    ended, lines, _ = await run(addressee)
    assert ended.ending is Ending.SUCCESS
    assert [one.partition(" ")[0] for one in lines] == ["trouble", "trouble", "asked", "success"]
    assert len(addressee.asked) == 1


async def test_who_says_when_to_come_back_is_left_alone_until_then() -> None:
    addressee = MemoryAddressee(refusals=[TryLater("full", timedelta(seconds=90))], looks=[told("success")])
    _, lines, seconds = await run(addressee)
    assert lines[0] == "trouble full 90"
    assert seconds >= 90


async def test_who_never_answers_is_unavailable_in_the_end() -> None:
    addressee = MemoryAddressee(refusals=[Transient("away")] * 500)
    ended, _, seconds = await run(addressee, timeout=60)
    assert ended.ending is Ending.UNAVAILABLE
    assert ended.reason is not None
    assert seconds <= 60


async def test_who_wants_to_be_left_alone_for_too_long_is_unavailable_at_once() -> None:
    ended, _, seconds = await run(MemoryAddressee(refusals=[TryLater("full", timedelta(hours=1))]), timeout=60)
    assert (ended.ending, seconds) == (Ending.UNAVAILABLE, 0)


async def test_without_retrying_silence_ends_it() -> None:
    ended, lines, _ = await run(MemoryAddressee(refusals=[Transient("away")]), retry=False)
    assert (ended.ending, lines) == (Ending.UNAVAILABLE, [])


@pytest.mark.parametrize("error", [UserError("no"), Terminal("never")])
async def test_a_refusal_is_no_deployment(error: FairwayError) -> None:
    ended, lines, _ = await run(MemoryAddressee(refusals=[error]))
    assert (ended.ending, ended.reason, lines) == (Ending.NO_DEPLOYMENT, error, [])


async def test_trouble_on_the_way_is_told_once_and_waited_out() -> None:
    away = Transient("away")
    ended, lines, _ = await run(MemoryAddressee(looks=[told("queued"), away, away, away, told("queued", "success")]))
    assert ended.ending is Ending.SUCCESS
    assert lines == ["asked 1", "queued", "trouble away 4", "success"]


async def test_what_cannot_be_followed_any_more_has_no_outcome() -> None:
    ended, lines, _ = await run(MemoryAddressee(looks=[told("queued"), UserError("gone")]))
    assert ended.ending is Ending.UNAVAILABLE
    assert ended.last is not None
    assert (ended.last.state, lines) == ("queued", ["asked 1", "queued"])


@pytest.mark.parametrize(("looks", "last"), [([told("queued")], "queued"), ([[]], None)])
async def test_without_an_outcome_in_time_it_ends_on_time(looks: list[Sequence[Told]], last: str | None) -> None:
    clock, heard = Clock(), Heard()
    ended = await Asking(MemoryAddressee(looks=list(looks)), heard, clock.sleep, clock).run(WANTED, Limits(100))
    assert ended.ending is Ending.TIMEOUT
    assert (ended.last.state if ended.last else None) == last
    assert 100 <= clock.now - 1000 < 101
    assert {f"waiting {last or ''} {n}" for n in range(30)} <= set(heard.lines)


class Silent(MemoryAddressee):
    """Takes it, and never answers."""

    def __init__(self, *, answers_ask: bool) -> None:
        super().__init__()
        self.answers_ask = answers_ask

    async def ask(self, wanted: Wanted) -> Receipt:
        if not self.answers_ask:
            await asyncio.Event().wait()
        return await super().ask(wanted)

    async def statuses(self, receipt: Receipt) -> list[Told]:
        await asyncio.Event().wait()
        return []


@pytest.mark.parametrize(("answers_ask", "ending"), [(False, Ending.UNAVAILABLE), (True, Ending.TIMEOUT)])
async def test_an_answer_that_never_comes_is_not_waited_for_beyond_the_time(answers_ask: bool, ending: Ending) -> None:
    clock = Clock()
    asking = Asking(Silent(answers_ask=answers_ask), Heard(), clock.sleep, clock, last_look=0.01)
    ended = await asking.run(WANTED, Limits(0.02))
    assert ended.ending is ending


STATES = st.sampled_from(["queued", "pending", "in_progress", "success", "failure", "error", "inactive"])


@given(st.lists(STATES, max_size=6), st.data())
async def test_however_statuses_come_in_the_first_final_one_is_the_outcome(
    states: list[str], data: st.DataObject
) -> None:
    everything = told(*states)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(states)), max_size=4)))
    looks = [everything[:cut] for cut in cuts] + [everything]
    ended, lines, _ = await run(MemoryAddressee(looks=list(looks)), timeout=60)
    final = outcome(everything)
    assert ended.ending is (final[0] if final else Ending.TIMEOUT)
    shown = [one for one in lines if not one.startswith("asked")]
    assert shown == (states[: everything.index(final[1]) + 1] if final else states)
