"""A position never passes what was not settled, whatever the order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.queue.settling import InFlight, Settled

orders = st.integers(0, 30).flatmap(lambda count: st.permutations(range(count)))


@given(orders, st.integers(0, 5))
def test_a_log_without_gaps_moves_up_to_the_first_that_is_open(order: list[int], start: int) -> None:
    settled = Settled(start)
    done: set[int] = set()
    for place in order:
        settled.add(place)
        done.add(place)
        expected = start
        while expected in done:
            expected += 1
        assert settled.position == expected
        assert all((other in settled) == (other < start or other in done) for other in range(40))


@given(st.lists(st.integers(0, 100), unique=True).map(sorted), st.data())
def test_a_log_with_gaps_moves_up_to_the_first_that_is_open(places: list[int], data: st.DataObject) -> None:
    flying = InFlight(0)
    for place in places:
        flying.read(place)
    still = list(places)
    for place in data.draw(st.permutations(places)):
        still.remove(place)
        before = flying.position
        assert flying.settle(place) == (flying.position != before)
        assert flying.position <= (still[0] if still else places[-1] + 1)
        passed = [one for one in places if one < flying.position]
        assert not set(passed) & set(still)
    assert not places or flying.position == places[-1] + 1


def test_what_is_not_in_flight_changes_nothing() -> None:
    flying = InFlight(5)
    assert not flying.settle(7)
    flying.read(6)
    flying.read(7)
    assert not flying.settle(7)
    assert flying.settle(6)
    assert not flying.settle(6)
    assert flying.position == 8


def test_settling_in_order_moves_one_by_one() -> None:
    flying = InFlight(0)
    for place in range(3):
        flying.read(place)
    moved = []
    for place in range(3):
        flying.settle(place)
        moved.append(flying.position)
    assert moved == [1, 2, 3]
