"""The quick answer for every request: young, shared, and never a refusal from memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from fairway.adapters.memory.access import MemoryAccess
from fairway.domain.errors import Transient
from fairway.services.access.caching import RememberedAccess
from fairway.services.access.ports import Registration


class CountedAccess(MemoryAccess):
    """Counts the questions; `away` makes them fail, `slow` lets them wait."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.away = False
        self.slow: asyncio.Event | None = None

    async def read(self, repository: str) -> Registration | None:
        self.asked += 1
        if self.slow:
            await self.slow.wait()
        if self.away:
            raise Transient("the store is away")
        return await super().read(repository)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def registered(store: MemoryAccess, teams: Sequence[str] = ("web", "Orders")) -> None:
    seen = await store.read("shop/web")
    await store.write("shop/web", teams, expected=seen.version if seen else None)


async def test_an_answer_is_good_for_its_time_and_no_longer() -> None:
    store, clock = CountedAccess(), Clock()
    await registered(store)
    access = RememberedAccess(store, 10, clock)
    store.asked = 0
    assert await access.teams("shop/web") == {"web", "orders"}
    clock.now += 9.9
    assert await access.teams("Shop/WEB") == {"web", "orders"}
    assert store.asked == 1
    clock.now += 0.1
    assert await access.teams("shop/web") == {"web", "orders"}
    assert store.asked == 2


async def test_nobody_can_ask_for_more_than_half_a_minute() -> None:
    store, clock = CountedAccess(), Clock()
    await registered(store)
    access = RememberedAccess(store, 3600, clock)
    await access.teams("shop/web")
    store.asked = 0
    clock.now += 30
    await access.teams("shop/web")
    assert store.asked == 1


async def test_zero_asks_every_time() -> None:
    store = CountedAccess()
    await registered(store)
    store.asked = 0
    access = RememberedAccess(store, 0)
    for _ in range(3):
        await access.teams("shop/web")
    assert store.asked == 3


async def test_a_refusal_is_not_remembered() -> None:
    store = CountedAccess()
    access = RememberedAccess(store, 30)
    assert await access.teams("shop/web") is None
    await registered(store)
    assert await access.teams("shop/web") == {"web", "orders"}


async def test_a_store_that_is_away_is_not_covered_up() -> None:
    store, clock = CountedAccess(), Clock()
    await registered(store)
    access = RememberedAccess(store, 10, clock)
    await access.teams("shop/web")
    store.away = True
    assert await access.teams("shop/web")
    clock.now += 10
    with pytest.raises(Transient):
        await access.teams("shop/web")
    store.away = False
    assert await access.teams("shop/web")


async def test_those_who_ask_at_once_share_a_question_and_survive_one_that_goes() -> None:
    store = CountedAccess()
    await registered(store)
    store.slow, store.asked = asyncio.Event(), 0
    access = RememberedAccess(store, 10)
    asking = [asyncio.create_task(access.teams("shop/web")) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    store.slow.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [{"web", "orders"}] * 4
    assert store.asked == 1


async def test_a_change_of_this_process_counts_at_once() -> None:
    store = CountedAccess()
    await registered(store)
    access = RememberedAccess(store, 30)
    await access.teams("shop/web")
    await registered(store, ["stock"])
    access.forget("SHOP/web")
    assert await access.teams("shop/web") == {"stock"}
