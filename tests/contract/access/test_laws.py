"""However two people take turns, each change rests on the state that was seen, and none is lost."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.access.conftest import Two

from fairway.services.access.ports import ChangedMeanwhile, Registration

NUMBERS = itertools.count()
TEAMS = st.lists(st.sampled_from(["web", "orders", "stock"]), unique=True)
LOOK = st.tuples(st.sampled_from([0, 1]), st.none())
CHANGE = st.tuples(st.sampled_from([0, 1]), TEAMS)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(LOOK | CHANGE, min_size=2, max_size=8))
async def test_a_change_counts_if_and_only_if_nothing_changed_since_it_was_looked_at(
    two: Two, turns: list[tuple[int, list[str] | None]]
) -> None:
    repository = f"shop/r{next(NUMBERS)}"
    stores = (two.store, two.other)
    seen: list[Registration | None] = [None, None]
    seen_teams: list[tuple[str, ...]] = [(), ()]
    now: tuple[str, ...] = ()
    states = writes = 0
    seen_state, seen_writes = [0, 0], [0, 0]
    for who, teams in turns:
        if teams is None:
            seen[who] = await stores[who].read(repository)
            found = seen[who]
            assert (found.teams if found else ()) == now
            seen_teams[who], seen_state[who], seen_writes[who] = now, states, writes
            continue
        wanted = tuple(sorted(teams))
        expected = found.version if (found := seen[who]) else None
        try:
            seen[who] = await stores[who].write(repository, teams, expected=expected)
        except ChangedMeanwhile:
            assert seen_writes[who] != writes, "nobody had written"
            continue
        # What was seen may be there again: the same teams by other hands are the same state.
        assert seen_state[who] == states or seen_teams[who] == now or wanted == now
        if wanted != now:
            states += 1
        now = wanted
        writes += 1
        seen_teams[who], seen_state[who], seen_writes[who] = now, states, writes
    last = await two.store.read(repository)
    assert (last.teams if last else ()) == now
