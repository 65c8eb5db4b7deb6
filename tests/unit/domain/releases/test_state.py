"""One observation, exactly one state, exactly one action."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.releases.revision import Status
from fairway.domain.releases.state import ACTIONS, MEANING, Action, Observation, ReleaseState, classify

OBSERVATIONS = st.builds(
    Observation,
    declared_digest=st.sampled_from([None, "a", "b"]),
    status=st.sampled_from([None, *Status]),
    stored_digest=st.sampled_from([None, "a", "b"]),
    provable=st.booleans(),
    drifted=st.booleans(),
    foreign=st.booleans(),
    suspended=st.booleans(),
    stalled=st.booleans(),
)


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (Observation("a"), ReleaseState.ABSENT),
        (Observation("a", Status.UNINSTALLED, "a"), ReleaseState.ABSENT),
        (Observation("a", Status.DEPLOYED, "a"), ReleaseState.CURRENT),
        (Observation("a", Status.DEPLOYED, "b"), ReleaseState.OUTDATED),
        (Observation("a", Status.DEPLOYED, None), ReleaseState.OUTDATED),
        (Observation("a", Status.DEPLOYED, "a", provable=False), ReleaseState.OUTDATED),
        (Observation("a", Status.DEPLOYED, "a", drifted=True), ReleaseState.DRIFTED),
        (Observation("a", Status.FAILED, "a"), ReleaseState.FAILED),
        (Observation("a", Status.FAILED, "a", stalled=True), ReleaseState.STALLED),
        (Observation("a", Status.PENDING_INSTALL), ReleaseState.PENDING),
        (Observation("a", Status.PENDING_UPGRADE), ReleaseState.PENDING),
        (Observation("a", Status.PENDING_ROLLBACK), ReleaseState.PENDING),
        (Observation("a", Status.UNINSTALLING), ReleaseState.PENDING),
        (Observation("a", foreign=True), ReleaseState.FOREIGN),
        (Observation(None, Status.DEPLOYED, "a"), ReleaseState.UNWANTED),
        (Observation(None, Status.FAILED), ReleaseState.UNWANTED),
        (Observation(None), ReleaseState.CURRENT),
        (Observation("a", Status.PENDING_UPGRADE, suspended=True), ReleaseState.SUSPENDED),
    ],
)
def test_an_observation_names_one_state(seen: Observation, state: ReleaseState) -> None:
    assert classify(seen) is state


@given(OBSERVATIONS)
def test_every_observation_has_a_state_with_a_meaning_and_an_action(seen: Observation) -> None:
    state = classify(seen)
    assert state in MEANING
    assert state in ACTIONS


@given(OBSERVATIONS)
def test_a_suspended_release_is_never_touched(seen: Observation) -> None:
    if seen.suspended:
        assert ACTIONS[classify(seen)] is Action.NOTHING


@given(OBSERVATIONS)
def test_only_what_is_not_declared_is_ever_uninstalled(seen: Observation) -> None:
    if ACTIONS[classify(seen)] is Action.UNINSTALL:
        assert seen.declared_digest is None


def test_every_state_is_in_both_tables() -> None:
    assert set(MEANING) == set(ACTIONS) == set(ReleaseState)
