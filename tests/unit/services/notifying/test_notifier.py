"""The notifier: collects, groups, delivers, tries again, and never stands in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from tests.support.notifying import (
    HandClock,
    QuickClock,
    ScriptedChannel,
    a_failure,
    an_event,
    settle,
    upgrades_written,
)

from fairway.adapters.memory.deliveries import MemoryDeliveryLog
from fairway.domain.errors import Severity, Terminal, Transient, UserError
from fairway.domain.notifications.delivery import Delivery, DeliveryQuery, DeliveryState, TryLater
from fairway.domain.notifications.event import EventKind
from fairway.domain.notifications.routing import Route
from fairway.domain.repository.models import Owner
from fairway.services.notifying.delivering import Patience
from fairway.services.notifying.lanes import ROOM
from fairway.services.notifying.late_log import LateDeliveryLog
from fairway.services.notifying.notifier import Notifier

SECOND = timedelta(seconds=1)
STARTED, SUCCEEDED = EventKind.DEPLOYMENT_STARTED, EventKind.DEPLOYMENT_SUCCEEDED


class Stage:
    """A notifier with scripted channels, a clock moved by hand, and a log in memory."""

    def __init__(self, *routes: Route, clock: Any = None, log: Any = None, **channels: ScriptedChannel) -> None:
        self.channels = channels or {"team": ScriptedChannel()}
        self.clock = clock or HandClock()
        self.log = log or MemoryDeliveryLog()
        self.warnings: list[str] = []
        self.notifier = Notifier(
            self.channels,
            routes,
            self.log,
            self.clock,
            random=lambda bits: (1 << bits) - 1,
            warn=self.warnings.append,
            patience=Patience(attempts=4),
        )

    @property
    def team(self) -> ScriptedChannel:
        return self.channels["team"]

    async def states(self) -> list[str]:
        return [one.state.value for one in reversed(await self.log.find(DeliveryQuery(limit=100)))]


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    task = asyncio.create_task(stage.notifier.run())
    await settle()
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_comes_within_the_window_is_one_message() -> None:
    stage = Stage()
    async with running(stage):
        for n in range(90):
            stage.notifier.tell(upgrades_written(1, title=f"u{n}"))
        await stage.clock.pass_(SECOND)
        assert stage.team.titles == []
        await stage.clock.pass_(SECOND)
        assert stage.team.titles == [[f"u{n}" for n in range(90)]]
        stage.notifier.tell(an_event(title="later"))
        await stage.clock.pass_(2 * SECOND)
        assert stage.team.titles[1:] == [["later"]]
    assert await stage.states() == ["delivered", "delivered"]


async def test_a_channel_that_hangs_holds_up_nobody_else() -> None:
    stage = Stage(team=ScriptedChannel(hangs=True), mail=ScriptedChannel())
    async with running(stage):
        stage.notifier.tell(an_event(title="a"))
        await stage.clock.pass_(2 * SECOND)
        stage.notifier.tell(an_event(title="b"))
        await stage.clock.pass_(2 * SECOND)
        assert stage.channels["mail"].titles == [["a"], ["b"]]
        flushed = asyncio.create_task(stage.notifier.flush(SECOND))
        await stage.clock.pass_(SECOND)
        assert await flushed is False


async def test_a_place_that_does_not_answer_holds_up_no_other_place_of_its_channel() -> None:
    channel = ScriptedChannel(addressed=True, answers=[Transient("away")] * 3)
    stage = Stage(team=channel)
    async with running(stage):
        stage.notifier.tell(an_event(title="shop", owner=Owner(slack="#shop")))
        await stage.clock.pass_(2 * SECOND)
        stage.notifier.tell(an_event(title="other"))
        await stage.clock.pass_(2 * SECOND)
        await stage.clock.pass_(60 * SECOND)
        assert sorted(stage.team.titles) == [["other"], ["shop"]]
        assert {message.to for message, _ in channel.taken} == {"#shop", ""}


async def test_what_could_not_be_sent_is_tried_again_with_longer_pauses() -> None:
    stage = Stage(team=ScriptedChannel(answers=[Transient("away"), Transient("away")]), clock=QuickClock())
    stage.notifier.tell(an_event(title="a"))
    assert await stage.notifier.flush(timedelta(hours=1))
    assert stage.team.titles == [["a"]]
    [delivery] = await stage.log.find(DeliveryQuery())
    assert [(one.ok, one.answer) for one in delivery.attempts] == [(False, "away"), (False, "away"), (True, "ok")]
    assert [pause for pause in stage.clock.slept if pause < timedelta(hours=1)] == [SECOND, 2 * SECOND]


async def test_the_other_side_may_ask_for_a_longer_pause() -> None:
    stage = Stage(team=ScriptedChannel(answers=[TryLater("slow down", 7 * SECOND)]), clock=QuickClock())
    stage.notifier.tell(an_event())
    await stage.notifier.flush(timedelta(hours=1))
    assert 7 * SECOND in stage.clock.slept
    assert len(stage.team.titles) == 1


@pytest.mark.parametrize(
    ("errors", "attempts", "says"),
    [
        ([Transient("away")] * 9, 4, "away"),
        ([UserError("no such channel", fix="invite the bot")], 1, "no such channel; invite the bot"),
        ([Terminal("never")], 1, "never"),
        ([KeyError("ts")], 1, "a mistake in Fairway itself: KeyError"),
    ],
)
async def test_what_will_not_arrive_is_given_up_and_said(errors: list[Exception], attempts: int, says: str) -> None:
    stage = Stage(team=ScriptedChannel(answers=list(errors)), clock=QuickClock())
    stage.notifier.tell(an_event(title="a"))
    assert await stage.notifier.flush(timedelta(hours=1))
    [delivery] = await stage.log.find(DeliveryQuery())
    assert (delivery.state, len(delivery.attempts), delivery.answer) == (DeliveryState.FAILED, attempts, says)
    [warning] = stage.warnings
    assert says in warning
    assert f"fairway notifications resend {delivery.id}" in warning
    stage.team.answers.clear()
    stage.notifier.tell(an_event(title="b"))
    await stage.notifier.flush(timedelta(hours=1))
    assert stage.team.titles == [["b"]]


async def test_order_is_kept_within_a_receiver_while_one_is_tried_again() -> None:
    stage = Stage(team=ScriptedChannel(threads=True, answers=[Transient("away")]))
    async with running(stage):
        stage.notifier.tell(an_event(STARTED, title="started", thread="a"))
        await stage.clock.pass_(2 * SECOND)
        stage.notifier.tell(an_event(SUCCEEDED, title="done", thread="a"))
        await stage.clock.pass_(30 * SECOND)
    assert stage.team.titles == [["started"], ["done"]]
    assert [earlier for _, earlier in stage.team.taken] == [{}, {"n": "1"}]


async def test_later_messages_of_a_thread_know_its_first_also_after_a_restart() -> None:
    log = MemoryDeliveryLog()
    first = Stage(team=ScriptedChannel(threads=True), log=log, clock=QuickClock())
    first.notifier.tell(an_event(STARTED, thread="a"))
    first.notifier.tell(upgrades_written(2, thread="commit x"))
    await first.notifier.flush(timedelta(hours=1))
    second = Stage(team=ScriptedChannel(threads=True), log=log, clock=QuickClock())
    second.notifier.tell(an_event(SUCCEEDED, thread="a"))
    second.notifier.tell(an_event(EventKind.UPGRADE_FAILED, thread="commit x"))
    second.notifier.tell(an_event(SUCCEEDED, thread="b"))
    await second.notifier.flush(timedelta(hours=1))
    assert [(message.thread, earlier) for message, earlier in second.team.taken] == [
        ("a", {"n": "1"}),
        ("commit x", {"n": "2"}),
        ("b", {}),
    ]


async def test_routes_decide_who_gets_it() -> None:
    routes = [Route(("team",), ("prod",)), Route(("mail",), at_least=Severity.ERROR)]
    stage = Stage(*routes, team=ScriptedChannel(), mail=ScriptedChannel(), clock=QuickClock())
    stage.notifier.tell(an_event(title="a"))
    stage.notifier.tell(a_failure(title="b", environment="stage"))
    await stage.notifier.flush(timedelta(hours=1))
    assert (stage.team.titles, stage.channels["mail"].titles) == ([["a"]], [["b"]])


async def test_the_memory_is_bounded_and_what_has_no_room_is_counted() -> None:
    stage = Stage(clock=QuickClock())
    stage.notifier.tell(a_failure(title="bad"))
    for n in range(ROOM + 20):
        stage.notifier.tell(an_event(title=f"{n}"))
    await stage.notifier.flush(timedelta(hours=1))
    told = [event for message, _ in stage.team.taken for event in message.events]
    assert len(told) == ROOM
    assert told[0].title == "bad"
    assert told[1].title == "21"
    assert told[-1].lines[-1] == "21 more events had no room and were left out"


async def test_a_flush_has_a_limit_and_what_is_left_can_be_sent_later() -> None:
    stage = Stage(team=ScriptedChannel(threads=True, hangs=True))
    for name in ("a", "b", "c"):
        stage.notifier.tell(an_event(STARTED, title=name, thread=name))
    flushed = asyncio.create_task(stage.notifier.flush(5 * SECOND))
    await stage.clock.pass_(5 * SECOND)
    assert await flushed is False
    found = await stage.log.find(DeliveryQuery())
    assert [(one.state.value, one.events[0].title) for one in reversed(found)] == [
        ("failed", "a"),
        ("failed", "b"),
        ("failed", "c"),
    ]
    assert {one.answer for one in found} == {"the program ended before it was sent"}


async def test_what_waits_when_it_is_ended_still_goes_out() -> None:
    stage = Stage()
    async with running(stage):
        stage.notifier.tell(an_event(title="last words"))
    assert stage.team.titles == [["last words"]]


async def test_flushing_nothing_is_fine() -> None:
    assert await Stage().notifier.flush() is True


async def test_it_can_be_told_from_another_thread() -> None:
    stage = Stage()
    async with running(stage):
        await asyncio.to_thread(stage.notifier.tell, an_event(title="a"))
        await stage.clock.pass_(2 * SECOND)
        assert stage.team.titles == [["a"]]


async def test_telling_never_raises() -> None:
    stage = Stage()
    stage.notifier.tell("no event")  # type: ignore[arg-type]
    assert await stage.notifier.flush() is True


async def test_a_log_that_is_away_is_said_once_and_keeps_no_message_back() -> None:
    opened: list[int] = []

    async def away() -> Any:
        opened.append(1)
        raise Transient("no database")

    stage = Stage(log=LateDeliveryLog(away), clock=QuickClock(), team=ScriptedChannel(threads=True))
    for n in range(3):
        stage.notifier.tell(an_event(STARTED, thread=f"{n}"))
    assert await stage.notifier.flush(timedelta(hours=1))
    assert len(stage.team.taken) == 3
    assert stage.warnings == ["messages go out, but are not written down: no database"]
    assert len(opened) > 1


async def test_a_log_that_comes_back_is_opened_then_and_closed_at_the_end() -> None:
    memory = MemoryDeliveryLog()
    answers: list[Callable[[], Any]] = [lambda: (_ for _ in ()).throw(Transient("away")), lambda: memory]

    async def open_() -> Any:
        return answers.pop(0)()

    log = LateDeliveryLog(open_)
    with pytest.raises(Transient):
        await log.find(DeliveryQuery())
    assert await log.find(DeliveryQuery()) == []
    assert await log.starting_with("0", limit=1) == []
    assert await log.references("a", "", ["t"]) == {}
    await log.close()
    await log.close()


async def test_what_a_killed_process_left_waiting_is_given_up_after_a_while() -> None:
    stage = Stage()
    for name, age in (("old", 61), ("new", 59)):
        at = stage.clock.now() - timedelta(minutes=age)
        await stage.log.save(Delivery(name, "team", "", at, DeliveryState.WAITING, "", (an_event(),)))
    async with running(stage):
        pass
    old, new = await stage.log.find(DeliveryQuery())
    assert (old.state, old.answer) == (DeliveryState.FAILED, "the program ended before it was sent")
    assert new.state is DeliveryState.WAITING


async def test_secrets_that_slipped_into_an_event_are_not_kept() -> None:
    stage = Stage(clock=QuickClock(), team=ScriptedChannel(answers=[Terminal("password=hunter22")]))
    stage.notifier.tell(an_event(title="web: DB_PASSWORD=hunter22 is wrong"))
    await stage.notifier.flush(timedelta(hours=1))
    [delivery] = await stage.log.find(DeliveryQuery())
    assert "hunter22" not in delivery.payload + delivery.answer
