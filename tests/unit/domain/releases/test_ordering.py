"""Needs are a graph: order within, no matter in which order they are written."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.releases.ordering import find_cycle, removal_order, with_needs

NAMES = [f"r{n}" for n in range(6)]


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, list[str]]:
    """Each release may need only those before it."""
    return {name: draw(st.lists(st.sampled_from(NAMES[:n]), unique=True)) if n else [] for n, name in enumerate(NAMES)}


def test_needs_outside_the_selection_are_taken_as_met() -> None:
    assert with_needs(["web", "db"], {"web": ["db", "queue"], "db": []}) == {"web": ("db",), "db": ()}


def test_a_release_never_waits_for_itself() -> None:
    assert with_needs(["web"], {"web": ["web"]}) == {"web": ()}


@given(acyclic())
def test_removal_takes_dependants_first(needs: dict[str, list[str]]) -> None:
    order = removal_order(NAMES, needs)
    assert sorted(order) == NAMES
    for name, needed in needs.items():
        assert all(order.index(name) < order.index(need) for need in needed)


@given(acyclic())
def test_a_graph_without_cycles_has_none(needs: dict[str, list[str]]) -> None:
    assert find_cycle(needs) == ()


@given(acyclic(), st.integers(0, 5), st.integers(0, 5))
def test_a_closed_chain_is_found(needs: dict[str, list[str]], first: int, last: int) -> None:
    low, high = sorted((first, last))
    closed = {**needs, NAMES[low]: [*needs[NAMES[low]], NAMES[high]], NAMES[high]: [*needs[NAMES[high]], NAMES[low]]}
    cycle = find_cycle(closed)
    assert cycle
    assert cycle[0] == cycle[-1]
    assert all(after in closed[before] for before, after in itertools.pairwise(cycle))
