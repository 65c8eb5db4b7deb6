"""Waking, troubles, what is told of a commit, and what the agent says of itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.unit.services.agent.conftest import Bench, ManualClock

from fairway.adapters.memory.agent_reports import MemoryAgentReports
from fairway.domain.errors import Severity, Terminal, Transient
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.services.agent.reporting import Reporting
from fairway.services.agent.status import ready, status_of
from fairway.services.agent.telling import news_of
from fairway.services.agent.troubles import Troubles
from fairway.services.agent.waking import Wake
from fairway.services.writing.changes import Edited, Failed, Outcome

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_reasons_that_come_while_nobody_rests_end_the_next_rest_once() -> None:
    clock, wake = ManualClock(), Wake()
    wake("webhook")
    wake("webhook")
    wake("image")
    assert await wake.rest(clock, clock.now() + timedelta(hours=1)) == ("webhook", "image")
    resting = asyncio.create_task(wake.rest(clock, clock.now() + timedelta(minutes=1)))
    await asyncio.sleep(0.01)
    assert not resting.done()
    clock.move(minutes=1)
    assert await resting == ()


def test_a_trouble_is_told_when_it_begins_and_when_it_is_over() -> None:
    told: list[Happening] = []
    troubles = Troubles(lambda: NOON, told.append)
    troubles.well("Git")
    for _ in range(3):
        troubles.failed("Git", "no answer", fix="look at the network")
    assert set(troubles.known) == {"Git"}
    troubles.well("Git")
    troubles.well("Git")
    assert [(one.kind, one.severity) for one in told] == [
        (EventKind.SOURCE_FAILED, Severity.ERROR),
        (EventKind.SOURCE_RECOVERED, Severity.INFO),
    ]
    assert told[0].lines == ("no answer", "look at the network")
    assert told[0].thread == told[1].thread


def news(outcome: Outcome) -> list[Happening]:
    return list(news_of(outcome, now=NOON, new_id=lambda: "1"))


def test_upgrades_of_one_commit_are_one_piece_of_news() -> None:
    upgrades = [Upgrade("prod", name, "image", f"shop/{name}", "image.tag", "1.0", "1.1") for name in ("web", "api")]
    edited = tuple(Edited((Path("x"),), f"{one.release} 1.0 → 1.1 (prod)", one) for one in upgrades)
    (told,) = news(Outcome("3f2c1ab", subject="Upgrade 2 releases", edited=edited))
    assert (told.kind, told.environment, told.releases) == (EventKind.UPGRADE_WRITTEN, "prod", ("api", "web"))
    assert told.upgrades == tuple(upgrades)


def test_a_revert_tells_of_its_hold() -> None:
    trailers = (("Fairway-Revert", "prod/web image.tag 1.1 1.0"), ("Fairway-Hold", "prod/web * 1.1"))
    edited = Edited((Path("x"),), "take web back from 1.1 to 1.0 in prod", trailers=trailers, why="it crashed")
    (told,) = news(Outcome("3f2c1ab", edited=(edited,)))
    assert (told.kind, told.environment, told.release) == (EventKind.HOLD_ADDED, "prod", "web")
    assert told.title == "Take web back from 1.1 to 1.0 in prod; 1.1 is held"
    assert told.lines == ("it crashed",)


def test_what_could_not_be_written_is_an_error_and_nothing_was_written() -> None:
    change: Any = SimpleNamespace(key="prod/web image.tag", environment="prod", release="web")
    (told,) = news(Outcome(failed=(Failed(change, Terminal("protected")),)))
    assert (told.kind, told.severity) == (EventKind.UPGRADE_FAILED, Severity.ERROR)
    assert "protected" in told.title


async def test_what_it_says_of_itself_follows_what_it_does(bench: Bench) -> None:
    assert ready(bench.agent, NOON, timedelta(minutes=1))["git"] == "no answer yet"
    bench.write(web="1")
    keeper = await bench.look()
    assert ready(bench.agent, bench.clock.now(), timedelta(minutes=1)) == {"git": ""}
    said = status_of(bench.agent, bench.troubles, url="shop")
    (environment,) = said["environments"]
    assert (environment["state"], environment["applied"]) == ("Current", keeper.applied)
    bench.clock.move(minutes=10)
    checks = ready(bench.agent, bench.clock.now(), timedelta(minutes=1))
    assert checks["git"].startswith("no answer since 2026-11-21T12:00")


async def test_one_cluster_that_is_away_closes_no_door_for_the_others(bench: Bench) -> None:
    bench.write(web="1")
    await bench.look()
    bench.troubles.failed("cluster c", "no answer")
    assert ready(bench.agent, bench.clock.now(), timedelta(minutes=1)) == {"git": ""}
    (trouble,) = status_of(bench.agent, bench.troubles, url="shop")["troubles"]
    assert (trouble["what"], trouble["why"]) == ("cluster c", "no answer")


async def test_it_reports_what_changed_and_everything_once_a_minute(bench: Bench) -> None:
    reports = MemoryAgentReports()
    opened: list[int] = []

    async def open_reports() -> MemoryAgentReports:
        opened.append(1)
        if len(opened) == 1:
            raise Transient("the ledger is away")
        return reports

    reporting = Reporting(bench.agent, open_reports, repository="shop//e", name="here", clock=bench.clock)
    bench.write(web="1")
    keeper = await bench.look()
    await reporting.say()
    assert await reports.of("shop//e") == []
    await reporting.say()
    (first,) = await reports.of("shop//e")
    assert (first.state, first.applied) == ("Current", keeper.applied)
    bench.clock.move(seconds=30)
    await reporting.say()
    assert await reports.of("shop//e") == [first]
    bench.clock.move(seconds=30)
    await reporting.say()
    (later,) = await reports.of("shop//e")
    assert later.seen_at == bench.clock.now()
