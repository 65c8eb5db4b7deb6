"""Laws of a run: whoever is needed comes first, and a failure stops its dependants and nobody else."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.engine import StillWaiter, config_map, memory_world, plain

from fairway.domain.progress import Outcome, ReleaseFinished, ReleaseStarted

NAMES = [f"r{i}" for i in range(7)]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, list[str]], set[str], int]:
    """Needs without cycles in any declared order, the releases that fail, and how many run at once."""
    order = draw(st.permutations(NAMES))
    needs: dict[str, list[str]] = {order[0]: []}
    for i in range(1, len(order)):
        needs[order[i]] = draw(st.lists(st.sampled_from(order[:i]), unique=True))
    shown = draw(st.permutations(NAMES))
    return {n: needs[n] for n in shown}, draw(st.sets(st.sampled_from(NAMES), max_size=2)), draw(st.integers(1, 4))


def dependants(needs: dict[str, list[str]], failing: set[str]) -> set[str]:
    stopped: set[str] = set()
    while more := {n for n, wants in needs.items() if n not in stopped and set(wants) & (failing | stopped)}:
        stopped |= more
    return stopped


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_needs_are_done_first_and_failures_stop_only_dependants(
    graph: tuple[dict[str, list[str]], set[str], int],
) -> None:
    needs, failing, at_once = graph
    waiter = StillWaiter()
    waiter.failing = {f"of-{name}": "never ready" for name in failing}
    world = memory_world(waiter=waiter)
    declared = [plain(name, config_map(f"of-{name}"), needs=wants) for name, wants in needs.items()]
    result = asyncio.run(world.apply(*declared, concurrency=at_once))

    stopped = dependants(needs, failing)
    expected = {
        name: Outcome.SKIPPED if name in stopped else Outcome.FAILED if name in failing else Outcome.INSTALLED
        for name in needs
    }
    assert {name: one.outcome for name, one in result.results.items()} == expected
    assert result.exit_code == (1 if failing else 0)

    begun = {e.release: i for i, e in enumerate(world.events) if isinstance(e, ReleaseStarted)}
    ended = {e.release: i for i, e in enumerate(world.events) if isinstance(e, ReleaseFinished)}
    for name, wants in needs.items():
        if name in begun:
            assert all(ended[want] < begun[name] for want in wants)
    running = most = 0
    for event in world.events:
        if isinstance(event, ReleaseStarted):
            running += 1
        elif isinstance(event, ReleaseFinished) and event.release in begun:
            running -= 1
        most = max(most, running)
    assert most <= at_once

    waiter.failing.clear()
    healed = asyncio.run(world.apply(*declared))
    assert not [r for r in healed.results.values() if r.outcome.is_bad]
