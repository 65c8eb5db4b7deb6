"""When hookd gives a deployment up, and why: each row of the table, and both sides of each limit."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.deployments import NOON
from tests.support.hookd import CLUSTER, REPOSITORY, a_request, delivery

from fairway.domain.deployments.record import StatusEntry, Story
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.deadlines import UNREACHED, Patience, overdue
from fairway.domain.dispatch.requests import Origin
from fairway.domain.dispatch.tracking import Tracked

PATIENCE = Patience(grace=timedelta(seconds=10), finish=timedelta(minutes=15))
DEADLINE = NOON + timedelta(seconds=60)
NOBODY = "no deployd for cluster dev-fss answered"
SILENT = "deployd for cluster dev-fss did not report an outcome in time"


def a_tracked(*states: State, published: bool = False, taken: float | None = None, begun: float = 30) -> Tracked:
    """Times in seconds after noon; the deadline is a minute after it."""
    new = a_request(1)
    log = [new.entry, *(StatusEntry(new.deployment.id, state, NOON + timedelta(seconds=begun)) for state in states)]
    return Tracked(
        delivery(1),
        REPOSITORY,
        1,
        CLUSTER,
        "aura",
        Origin(CLUSTER),
        "web",
        DEADLINE,
        Story(new.run, new.deployment, tuple(log)),
        published_at=NOON if published else None,
        taken_at=None if taken is None else NOON + timedelta(seconds=taken),
    )


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("tracked", "limit", "why"),
    [
        (a_tracked(), 70, UNREACHED),
        (a_tracked(published=True), 70, NOBODY),
        (a_tracked(published=True, taken=5), 905, SILENT),
        (a_tracked(taken=5), 905, SILENT),
        (a_tracked(State.IN_PROGRESS, published=True), 930, SILENT),
        (a_tracked(State.IN_PROGRESS, published=True, taken=100), 1000, SILENT),
    ],
)
def test_each_row_of_the_table(tracked: Tracked, limit: float, why: str) -> None:
    assert overdue(tracked, at(limit - 0.001), PATIENCE) is None
    assert overdue(tracked, at(limit), PATIENCE) == why


@pytest.mark.parametrize("state", [State.SUCCESS, State.FAILURE, State.ERROR, State.INACTIVE])
def test_what_has_an_outcome_is_never_given_up(state: State) -> None:
    assert overdue(a_tracked(state), at(1e6), PATIENCE) is None


@given(st.floats(0, 5000), st.floats(0, 5000), st.booleans(), st.none() | st.floats(0, 100))
def test_who_is_given_up_stays_so(first: float, later: float, published: bool, taken: float | None) -> None:
    tracked = a_tracked(published=published, taken=taken)
    if overdue(tracked, at(first), PATIENCE):
        assert overdue(tracked, at(first + later), PATIENCE)


@given(st.booleans(), st.none() | st.floats(0, 59))
def test_everybody_is_given_up_at_last_and_nobody_before_the_deadline(published: bool, taken: float | None) -> None:
    tracked = a_tracked(published=published, taken=taken)
    assert overdue(tracked, DEADLINE, PATIENCE) is None
    assert overdue(tracked, at(3600), PATIENCE)
