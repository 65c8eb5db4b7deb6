"""What the agent does next: one state for everything that is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.agent.backing_off import LONGEST, Failing, after_failure
from fairway.domain.agent.deciding import ACTIONS, MEANING, AgentAction, AgentState, Seen, decide
from fairway.domain.agent.freezing import Frozen

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOON, PAST = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1)
RESYNC = NOW + timedelta(minutes=10)


def seen(**more: Any) -> Seen:
    return Seen(**{"now": NOW, "head": "3f2c1abcdef", "resync": RESYNC, **more})


@pytest.mark.parametrize(
    ("known", "state", "releases"),
    [
        ({"head": ""}, AgentState.STARTING, frozenset()),
        ({"leads": False, "holder": "other"}, AgentState.STANDBY, frozenset()),
        ({"untrusted": "not signed", "owed": frozenset({"a"})}, AgentState.UNTRUSTED, frozenset()),
        ({"suspended": "by ada", "everything": True}, AgentState.SUSPENDED, frozenset()),
        ({"frozen": Frozen("Christmas", None), "everything": True}, AgentState.FROZEN, frozenset()),
        ({"away": Failing(1, SOON, "no answer"), "everything": True}, AgentState.AWAY, frozenset()),
        ({"away": Failing(1, PAST, "no answer"), "everything": True}, AgentState.BEHIND, None),
        ({"refused": Failing(1, SOON, "too many"), "everything": True}, AgentState.REFUSED, frozenset()),
        ({"refused": Failing(1, PAST, "too many"), "everything": True}, AgentState.BEHIND, None),
        ({"everything": True, "owed": frozenset({"a"})}, AgentState.BEHIND, None),
        ({"owed": frozenset({"a", "b"})}, AgentState.BEHIND, frozenset({"a", "b"})),
        ({"owed": frozenset({"a", "b"}), "paused": frozenset({"a"})}, AgentState.BEHIND, frozenset({"b"})),
        ({"owed": frozenset({"a", "b"}), "busy": frozenset({"a"})}, AgentState.BEHIND, frozenset({"b"})),
        ({"owed": frozenset({"a"}), "busy": frozenset({"a"})}, AgentState.WORKING, frozenset()),
        ({"everything": True, "busy": frozenset({"a"})}, AgentState.WORKING, frozenset()),
        ({"drifted": frozenset({"a"})}, AgentState.DRIFTED, frozenset({"a"})),
        ({"drifted": frozenset({"a"}), "paused": frozenset({"a"})}, AgentState.CURRENT, frozenset()),
        ({"failing": {"a": Failing(1, PAST)}}, AgentState.RETRYING, frozenset({"a"})),
        ({"failing": {"a": Failing(1, SOON)}}, AgentState.FAILING, frozenset()),
        ({"failing": {"a": Failing(1, SOON)}, "owed": frozenset({"b"})}, AgentState.BEHIND, frozenset({"b"})),
        ({}, AgentState.CURRENT, frozenset()),
    ],
)
def test_what_is_known_gives_one_state_and_the_releases_to_act_on(
    known: dict[str, Any], state: AgentState, releases: frozenset[str] | None
) -> None:
    decision = decide(seen(**known))
    assert (decision.state, decision.releases) == (state, releases)


def test_who_waits_knows_until_when() -> None:
    assert decide(seen(frozen=Frozen("x", SOON))).again == SOON
    assert decide(seen(away=Failing(1, SOON))).again == SOON
    assert decide(seen(refused=Failing(1, SOON))).again == SOON
    assert decide(seen(failing={"a": Failing(1, SOON)})).again == SOON
    assert decide(seen()).again == RESYNC


names = st.frozensets(st.sampled_from("abcd"))


@given(names, names, names, names, st.booleans())
def test_nobody_acts_on_what_is_suspended_or_busy(
    owed: frozenset[str], drifted: frozenset[str], paused: frozenset[str], busy: frozenset[str], everything: bool
) -> None:
    decision = decide(seen(owed=owed, drifted=drifted, paused=paused, busy=busy, everything=everything))
    if decision.action is AgentAction.APPLY:
        assert decision.releases is None or decision.releases
        assert decision.releases is None or not decision.releases & (paused | busy)
        assert decision.releases is not None or not busy


def test_every_state_has_a_meaning_and_an_action() -> None:
    assert set(MEANING) == set(ACTIONS) == set(AgentState)


def test_the_table_in_the_docs_is_the_one_that_is_used() -> None:
    text = (Path(__file__).parents[4] / "docs/spec/agent.md").read_text(encoding="utf-8")
    for state in AgentState:
        assert f"| {state} | {MEANING[state]} | {ACTIONS[state]} |" in text


@given(st.integers(1, 60), st.floats(0, 1))
def test_waits_grow_and_are_bounded(failures: int, jitter: float) -> None:
    failing: Failing | None = None
    waits = []
    for _ in range(failures):
        failing = after_failure(failing, NOW, jitter)
        waits.append(failing.again - NOW)
    assert waits == sorted(waits)
    assert waits[-1] <= LONGEST * 1.25
    assert failing is not None
    assert failing.tries == failures
