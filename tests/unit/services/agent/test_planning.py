"""Which releases a pass is for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.services.agent.conftest import Bench

from fairway.domain.agent.deciding import AgentState, Decision
from fairway.services.agent.planning import plan_pass
from fairway.services.loading import load_repository

NEEDS = {"web": ["db"], "db": ["volume"], "shop": ["web"]}
NAMES = ["web", "db", "volume", "shop", "other"]
SOME = st.frozensets(st.sampled_from(NAMES))


def planned(bench: Bench, names: frozenset[str] | None, **more: Any) -> Any:
    bench.write(NEEDS, **dict.fromkeys(NAMES, "1"))
    environment = load_repository(bench.folder / "environments.yaml").environments[0]
    given: dict[str, Any] = {"gone": frozenset(), "busy": frozenset(), "paused": frozenset(), **more}
    unread: Any = None
    return plan_pass(unread, environment, Decision(AgentState.BEHIND, releases=names), **given)


@pytest.mark.parametrize(
    ("names", "more", "expected"),
    [
        ({"web"}, {}, {"web", "db", "volume"}),
        ({"web", "other"}, {"busy": {"volume"}}, {"other"}),
        ({"web"}, {"paused": frozenset({"db"})}, {"web", "volume"}),
        ({"unknown"}, {}, set()),
    ],
)
def test_with_a_release_go_those_that_it_needs(
    bench: Bench, names: set[str], more: dict[str, Any], expected: set[str]
) -> None:
    what = planned(bench, frozenset(names), **more)
    assert what.names == expected
    assert what.is_empty is not bool(expected)


def test_what_is_gone_is_left_unless_it_is_declared_again(bench: Bench) -> None:
    what = planned(bench, frozenset(), gone={"web", "old", "older"}, busy={"older"})
    assert (what.names, what.leaving, what.is_empty) == (frozenset(), {"old"}, False)


def test_everything_is_never_empty(bench: Bench) -> None:
    what = planned(bench, None, paused=frozenset(NAMES))
    assert (what.names, what.fresh, what.is_empty) == (None, True, False)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SOME, SOME, SOME)
def test_no_release_is_in_two_passes_at_the_same_time(
    bench: Bench, names: frozenset[str], busy: frozenset[str], paused: frozenset[str]
) -> None:
    what = planned(bench, names, busy=busy, paused=paused)
    assert not what.names & (busy | paused)
