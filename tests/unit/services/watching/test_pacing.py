"""How often one release may be named."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fairway.services.watching.pacing import FIRST_PAUSE, LONGEST_PAUSE, QUIET, Pace


def test_the_first_time_at_once_then_ever_more_rarely_and_after_quiet_anew() -> None:
    pace, now, pauses = Pace(), 100.0, []
    assert pace.due(now) == now
    for _ in range(10):
        pace.named(now)
        pauses.append(pace.due(now) - now)
        now = pace.due(now)
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_PAUSE, LONGEST_PAUSE]
    now += QUIET
    assert pace.due(now) == now
    pace.named(now)
    assert pace.due(now) == now + FIRST_PAUSE


@given(st.lists(st.floats(0, 2000), max_size=40))
def test_no_more_than_one_in_each_pause_whenever_it_drifts(gaps: list[float]) -> None:
    pace, now, named = Pace(), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if pace.due(now) <= now:
            pace.named(now)
            named.append(now)
    assert all(later - earlier >= FIRST_PAUSE for earlier, later in pairwise(named))
