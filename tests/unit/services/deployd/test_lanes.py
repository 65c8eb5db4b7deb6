"""Order per team and application, bounds per team and in all."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fairway.services.deployd.lanes import Lanes, Place


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_requests_of_a_lane_have_their_turns_in_the_order_of_arrival() -> None:
    lanes = Lanes(10, 10)
    places = [lanes.enter("aura", "shop") for _ in range(5)]
    seen: list[int] = []

    async def work(number: int) -> None:
        async with places[number].turn():
            await asyncio.sleep(0)
            seen.append(number)

    await asyncio.gather(*(work(number) for number in (3, 1, 4, 0, 2)))
    assert seen == [0, 1, 2, 3, 4]


async def test_another_application_does_not_wait() -> None:
    lanes = Lanes(10, 10)
    first, other = lanes.enter("aura", "shop"), lanes.enter("aura", "web")
    async with first.turn(), other.turn():
        pass


async def test_a_team_with_much_to_do_leaves_room_for_others() -> None:
    lanes = Lanes(3, 2)
    going: Counter[str] = Counter()
    most: Counter[str] = Counter()
    release = asyncio.Event()

    async def work(place: Place, team: str) -> None:
        async with place.turn():
            going[team] += 1
            most[team] = max(most[team], going[team])
            most["all"] = max(most["all"], going["a"] + going["b"])
            await release.wait()
            going[team] -= 1

    tasks = [asyncio.create_task(work(lanes.enter("a", str(n)), "a")) for n in range(5)]
    tasks += [asyncio.create_task(work(lanes.enter("b", str(n)), "b")) for n in range(5)]
    await settle()
    assert (going["a"], going["b"]) == (2, 1)
    release.set()
    await asyncio.gather(*tasks)
    assert (most["a"], most["all"]) == (2, 3)
    assert most["b"] <= 2


async def test_who_overtakes_tells_the_older_ones_and_no_others() -> None:
    lanes = Lanes(5, 5)
    oldest, old, new, newest = (lanes.enter("aura", "shop") for _ in range(4))
    other = lanes.enter("aura", "web")
    new.overtake()
    told = [place.superseded.is_set() for place in (oldest, old, new, newest, other)]
    assert told == [True, True, False, False, False]


async def test_who_leaves_without_a_turn_lets_the_next_one_pass() -> None:
    lanes = Lanes(5, 5)
    first, second = lanes.enter("aura", "shop"), lanes.enter("aura", "shop")
    first.leave()
    async with second.turn():
        pass


async def test_who_leaves_early_does_not_let_the_next_one_pass_those_before() -> None:
    lanes = Lanes(5, 5)
    first, second, third = (lanes.enter("aura", "shop") for _ in range(3))
    seen: list[str] = []

    async def last() -> None:
        async with third.turn():
            seen.append("third")

    async with first.turn():
        second.leave()
        waiting = asyncio.create_task(last())
        await settle()
        seen.append("first")
    await waiting
    assert seen == ["first", "third"]


async def test_who_is_cancelled_while_waiting_lets_the_next_one_pass() -> None:
    lanes = Lanes(5, 5)
    first, second, third = (lanes.enter("aura", "shop") for _ in range(3))

    async def wait() -> None:
        async with second.turn():
            pass

    async with first.turn():
        waiting = asyncio.create_task(wait())
        await settle()
        waiting.cancel()
        await settle()
    async with third.turn():
        pass


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy")), max_size=12))
async def test_nothing_is_kept_of_those_who_have_left(keys: list[tuple[str, str]]) -> None:
    lanes = Lanes(2, 1)
    places = [lanes.enter(*key) for key in keys]
    assert lanes.places == len(keys)
    for place in places:
        async with place.turn():
            pass
        place.leave()
        place.leave()
    assert lanes.places == 0
    assert lanes._teams == {}
