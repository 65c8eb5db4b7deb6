"""The status machine: forward only, one outcome, and indifferent to duplicates and to order."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.deployments import a_deployment, a_log, a_run

from fairway.domain.deployments.record import StatusEntry, follow
from fairway.domain.deployments.status import AFTER, MEANING, OUTCOMES, STEPS, UNFINISHED, State, accepts, diagram
from fairway.domain.releases.state import Action

DEPLOYMENT = a_deployment(a_run())
SPEC = Path(__file__).parents[4] / "docs" / "spec" / "ledger.md"

Q, P, S, F, E, I, R = State  # noqa: E741 - in the order of the table


@pytest.mark.parametrize(
    ("current", "forward"),
    [
        (Q, {P, S, F, E, I, R}),
        (P, {S, F, E, I, R}),
        (S, {I, R}),
        (F, {R}),
        (E, set()),
        (I, set()),
        (R, set()),
        (None, set(State)),
    ],
)
def test_only_what_lies_ahead_counts(current: State | None, forward: set[State]) -> None:
    assert {state for state in State if accepts(current, state)} == forward


def test_the_names_are_githubs_so_that_a_status_can_be_sent_on_as_it_is() -> None:
    github = {"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}
    assert {state.value for state in State} - github == {"rolled_back"}


def test_every_state_is_explained_and_can_be_reached() -> None:
    assert set(MEANING) == set(STEPS) == set(State)
    assert AFTER[Q] | {Q} == set(State)


def test_a_deployment_is_unfinished_until_it_has_an_outcome() -> None:
    assert {state for state in State if STEPS[state] & OUTCOMES} >= UNFINISHED
    assert not UNFINISHED & OUTCOMES


def test_the_documented_diagram_is_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in SPEC.read_text()


def entries(states: list[State]) -> list[StatusEntry]:
    return [entry for state in states for entry in a_log(DEPLOYMENT, state)]


def states_of(log: list[StatusEntry]) -> list[State]:
    return [entry.state for entry in log]


ANY = st.lists(st.sampled_from(list(State)), max_size=15).map(entries)


@st.composite
def paths(draw: st.DrawFn) -> list[StatusEntry]:
    """What really happens: single steps from `queued` on, as far as it may go."""
    path = [State.QUEUED]
    while STEPS[path[-1]] and draw(st.booleans()):
        path.append(draw(st.sampled_from(sorted(STEPS[path[-1]]))))
    return entries(path)


@given(ANY)
def test_no_log_goes_back_and_no_state_occurs_twice(arriving: list[StatusEntry]) -> None:
    log = states_of(follow([], arriving))
    assert len(set(log)) == len(log)
    assert all(later in AFTER[earlier] for earlier, later in pairwise(log))


@given(ANY)
def test_there_is_at_most_one_outcome_and_nothing_changes_it(arriving: list[StatusEntry]) -> None:
    log = states_of(follow([], arriving))
    after = [state for state in log if state not in UNFINISHED]
    assert len([state for state in after if state in OUTCOMES - {State.INACTIVE}]) <= 1
    assert after[1:] in ([], [State.INACTIVE], [State.ROLLED_BACK])


@given(ANY)
def test_repeating_everything_adds_nothing(arriving: list[StatusEntry]) -> None:
    log = follow([], arriving)
    assert follow(log, arriving) == []
    assert follow([], log) == log


@given(ANY, ANY)
def test_it_does_not_matter_how_arrivals_are_divided(first: list[StatusEntry], second: list[StatusEntry]) -> None:
    log = follow([], first)
    assert log + follow(log, second) == follow([], first + second)


@given(paths())
def test_whatever_happened_counts_in_full(path: list[StatusEntry]) -> None:
    assert follow([], path) == path


@given(paths(), st.data())
def test_any_order_with_any_repetition_ends_in_the_same_state(path: list[StatusEntry], data: st.DataObject) -> None:
    repeated = path + data.draw(st.lists(st.sampled_from(path), max_size=5))
    shuffled = data.draw(st.permutations(repeated))
    assert follow([], shuffled)[-1].state is path[-1].state


@given(paths(), st.data())
def test_a_lost_entry_does_not_hinder_those_after_it(path: list[StatusEntry], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(path), unique_by=lambda entry: entry.state)) + path[-1:]
    assert follow([], kept)[-1].state is path[-1].state


def test_each_action_of_a_release_that_changes_something_has_its_kind() -> None:
    from fairway.domain.deployments.record import ChangeKind

    changing = {action.value for action in Action} - {"nothing", "refuse"}
    assert changing <= {kind.value for kind in ChangeKind}
