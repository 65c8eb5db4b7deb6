"""What GitHub is told next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.deployments import NOON

from fairway.domain.deployments.record import StatusEntry, follow
from fairway.domain.deployments.status import OUTCOMES, State
from fairway.domain.dispatch.posting import TOLD, next_to_tell

Q, P, S, F, E, X, R = (
    State.QUEUED,
    State.IN_PROGRESS,
    State.SUCCESS,
    State.FAILURE,
    State.ERROR,
    State.INACTIVE,
    State.ROLLED_BACK,
)


def a_log(*states: State) -> list[StatusEntry]:
    return [StatusEntry("id", state, NOON) for state in states]


@pytest.mark.parametrize(
    ("log", "told", "expected"),
    [
        ((Q,), None, Q),
        ((Q,), Q, None),
        ((Q, P), None, P),
        ((Q, P), Q, P),
        ((Q, P, S), None, S),
        ((Q, P, S), Q, S),
        ((Q, P, S, X), P, S),
        ((Q, P, S, X), S, X),
        ((Q, P, S, X), X, None),
        ((Q, X), Q, X),
        ((Q, P, F), P, F),
        ((Q, P, F), F, None),
        ((Q, P, F, R), P, F),
        ((Q, P, F, R), F, None),
        ((E,), None, E),
        ((E,), E, None),
        ((), None, None),
    ],
)
def test_the_next_status(log: tuple[State, ...], told: State | None, expected: State | None) -> None:
    entry = next_to_tell(a_log(*log), told)
    assert (entry.state if entry else None) is expected


def tell_all(log: list[StatusEntry], told: State | None) -> list[State]:
    heard: list[State] = []
    while entry := next_to_tell(log, told):
        told = entry.state
        heard.append(told)
    return heard


@given(st.lists(st.sampled_from(list(State))), st.lists(st.integers(0, 8)))
def test_whenever_github_is_told_it_hears_one_outcome_and_nothing_twice(
    arriving: list[State], pauses: list[int]
) -> None:
    """The log grows while GitHub is told; at each pause everything that is known by then is told."""
    log = follow([], a_log(*arriving))
    told: State | None = None
    heard: list[State] = []
    for length in [*sorted(pauses), len(log)]:
        heard += tell_all(log[:length], told)
        told = heard[-1] if heard else None
    states = [entry.state for entry in log]
    assert heard == [state for state in states if state in heard]
    assert len(set(heard)) == len(heard)
    assert [one for one in heard if one in OUTCOMES] == [one for one in states if one in OUTCOMES]
    assert heard[-1:] == [state for state in states if state in TOLD][-1:]
