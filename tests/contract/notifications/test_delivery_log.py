"""What every delivery log promises, whatever it is kept in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployments import at, id_at
from tests.support.notifying import a_failure, an_event, upgrades_written

from fairway.adapters.memory.deliveries import MemoryDeliveryLog
from fairway.adapters.sql.deliveries import open_delivery_log
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.notifications.delivery import Attempt, Delivery, DeliveryQuery, DeliveryState
from fairway.services.notifying.ports import DeliveryLog

WAITING, DELIVERED, FAILED = DeliveryState.WAITING, DeliveryState.DELIVERED, DeliveryState.FAILED


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeliveryLog]:
    """An empty delivery log of each kind."""
    if request.param == "memory":
        yield MemoryDeliveryLog()
        return
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened = await asyncio.to_thread(open_delivery_log, read_ledger_url(url))
    yield opened
    await opened.close()


def a_delivery(seconds: float = 0, **more: Any) -> Delivery:
    known: dict[str, Any] = {
        "channel": "team",
        "to": "",
        "at": at(seconds),
        "state": DELIVERED,
        "payload": "web is deployed",
        "events": (an_event(),),
        "attempts": (Attempt(at(seconds), True, "ok"),),
    }
    return Delivery(id=id_at(seconds), **(known | more))


def seconds(found: list[Delivery]) -> list[float]:
    return [round((one.at - at(0)).total_seconds(), 3) for one in found]


async def test_what_was_saved_comes_back_as_it_was(log: DeliveryLog) -> None:
    delivery = a_delivery(
        to="#shop",
        state=FAILED,
        payload='{"text": "größer ✓ <&>"}\nsecond line',
        events=(a_failure(), upgrades_written(3), an_event(release="", releases=("a", "b"))),
        attempts=(Attempt(at(1), False, "503"), Attempt(at(2.5), False, "channel_not_found; invite it")),
        reference={"channel": "C1", "ts": "1.2"},
        thread="run 1",
        repeats=id_at(-5),
    )
    await log.save(delivery)
    assert await log.find(DeliveryQuery()) == [delivery]
    assert delivery.answer == "channel_not_found; invite it"


async def test_saving_again_replaces_what_was_known(log: DeliveryLog) -> None:
    waiting = a_delivery(state=WAITING, attempts=())
    await log.save(waiting)
    done = replace(waiting, state=DELIVERED, attempts=(Attempt(at(1), True, "ok"),), reference={"ts": "1"})
    await log.save(done)
    assert await log.find(DeliveryQuery()) == [done]


async def test_what_a_database_cannot_store_is_stored_all_the_same(log: DeliveryLog) -> None:
    event = an_event(title="half \udc80 and nul \0")
    await log.save(a_delivery(payload="nul \0", events=(event,)))
    [found] = await log.find(DeliveryQuery())
    assert found.events[0].id == event.id


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (DeliveryQuery(), [3, 2, 1, 0]),
        (DeliveryQuery(channel="team"), [3, 1, 0]),
        (DeliveryQuery(channel="nobody"), []),
        (DeliveryQuery(states=frozenset({FAILED})), [3, 2]),
        (DeliveryQuery(channel="team", states=frozenset({FAILED})), [3]),
        (DeliveryQuery(states=frozenset({WAITING, FAILED})), [3, 2, 1]),
        (DeliveryQuery(limit=2), [3, 2]),
        (DeliveryQuery(before=id_at(2)), [1, 0]),
    ],
)
async def test_all_conditions_hold_and_the_newest_comes_first(
    log: DeliveryLog, query: DeliveryQuery, expected: list[int]
) -> None:
    for one in (
        a_delivery(0),
        a_delivery(1, state=WAITING),
        a_delivery(2, channel="mail", state=FAILED),
        a_delivery(3, state=FAILED),
    ):
        await log.save(one)
    assert seconds(await log.find(query)) == expected


async def test_a_prefix_finds_what_starts_so(log: DeliveryLog) -> None:
    for n in range(4):
        await log.save(a_delivery(n))
    assert seconds(await log.starting_with(id_at(2), limit=9)) == [2]
    assert seconds(await log.starting_with(id_at(0)[:4], limit=9)) == [0, 1, 2, 3]
    assert seconds(await log.starting_with(id_at(0)[:4], limit=2)) == [0, 1]
    assert await log.starting_with("7ZZ", limit=9) == []


async def test_the_first_message_of_a_thread_that_arrived_is_its_reference(log: DeliveryLog) -> None:
    for one in (
        a_delivery(0, thread="a", state=FAILED, reference={"ts": "0"}),
        a_delivery(1, thread="a", reference={"ts": "1"}),
        a_delivery(2, thread="a", reference={"ts": "2"}),
        a_delivery(3, thread="b"),
        a_delivery(4, thread="c", to="#shop", reference={"ts": "4"}),
        a_delivery(5, thread="c", channel="other", reference={"ts": "5"}),
    ):
        await log.save(one)
    assert await log.references("team", "", ["a", "b", "c", "d"]) == {"a": {"ts": "1"}}
    assert await log.references("team", "#shop", ["a", "c"]) == {"c": {"ts": "4"}}
    assert await log.references("team", "", []) == {}


async def test_what_is_old_is_forgotten(log: DeliveryLog) -> None:
    for n in range(4):
        await log.save(a_delivery(n))
    assert await log.forget(at(2)) == 2
    assert seconds(await log.find(DeliveryQuery())) == [3, 2]
    assert await log.forget(at(0) - timedelta(days=1)) == 0


async def test_many_write_at_once(log: DeliveryLog) -> None:
    await asyncio.gather(*[log.save(a_delivery(n / 10)) for n in range(30)])
    assert len(await log.find(DeliveryQuery(limit=100))) == 30


async def test_the_memory_has_a_limit() -> None:
    log = MemoryDeliveryLog(room=3)
    for n in range(5):
        await log.save(a_delivery(n))
    assert seconds(await log.find(DeliveryQuery())) == [4, 3, 2]
