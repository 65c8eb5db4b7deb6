"""What a deployment tells when its log is read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.deployments import a_deployment, a_log, a_run, at

from fairway.domain.deployments.record import LONGEST_LIST, PlanSummary, StatusEntry, Story
from fairway.domain.deployments.status import State

RUN = a_run()
DEPLOYMENT = a_deployment(RUN)


def story(*states: State, **last: object) -> Story:
    return Story(RUN, DEPLOYMENT, tuple(a_log(DEPLOYMENT, *states, **last)) if states else ())


@pytest.mark.parametrize(
    ("states", "state", "outcome", "finished"),
    [
        ((), State.QUEUED, None, False),
        ((State.QUEUED,), State.QUEUED, None, False),
        ((State.QUEUED, State.IN_PROGRESS), State.IN_PROGRESS, None, False),
        ((State.QUEUED, State.IN_PROGRESS, State.SUCCESS), State.SUCCESS, State.SUCCESS, True),
        ((State.QUEUED, State.ERROR), State.ERROR, State.ERROR, True),
        ((State.QUEUED, State.INACTIVE), State.INACTIVE, State.INACTIVE, True),
        ((State.IN_PROGRESS, State.SUCCESS, State.INACTIVE), State.INACTIVE, State.SUCCESS, True),
        ((State.IN_PROGRESS, State.FAILURE, State.ROLLED_BACK), State.ROLLED_BACK, State.FAILURE, True),
        ((State.QUEUED, State.ROLLED_BACK), State.ROLLED_BACK, None, True),
    ],
)
def test_state_and_outcome(states: tuple[State, ...], state: State, outcome: State | None, finished: bool) -> None:
    read = story(*states)
    assert read.state is state
    assert (read.outcome.state if read.outcome else None) is outcome
    assert read.is_finished is finished


def test_the_duration_is_that_of_the_work_and_not_of_what_came_after() -> None:
    read = story(State.QUEUED, State.IN_PROGRESS, State.SUCCESS, State.INACTIVE)
    assert read.started_at == at(2)
    assert read.finished_at == at(3)
    assert read.duration == timedelta(seconds=1)


def test_without_a_start_or_an_end_there_is_no_duration() -> None:
    assert story(State.QUEUED, State.ERROR).duration is None
    assert story(State.QUEUED, State.IN_PROGRESS).duration is None


def test_clocks_that_disagree_make_no_negative_duration() -> None:
    log = (
        StatusEntry(DEPLOYMENT.id, State.IN_PROGRESS, at(9)),
        StatusEntry(DEPLOYMENT.id, State.SUCCESS, at(5)),
    )
    assert Story(RUN, DEPLOYMENT, log).duration == timedelta()


def test_the_revision_in_place_is_the_last_that_was_named() -> None:
    log = (
        StatusEntry(DEPLOYMENT.id, State.FAILURE, at(1), "it crashed", 12),
        StatusEntry(DEPLOYMENT.id, State.ROLLED_BACK, at(2), "", 13),
    )
    assert Story(RUN, DEPLOYMENT, log).revision_after == 13
    assert Story(RUN, DEPLOYMENT, log[:1]).revision_after == 12
    assert story(State.QUEUED).revision_after is None


def test_a_plan_counts_all_its_objects_and_names_the_first() -> None:
    plan = PlanSummary.of([("create", f"ConfigMap c{n}") for n in range(LONGEST_LIST)] + [("delete", "Pod p")] * 3)
    assert len(plan.objects) == LONGEST_LIST
    assert plan.omitted == {"delete": 3}
    assert plan.counts == {"create": LONGEST_LIST, "delete": 3}
    assert PlanSummary.of([]).counts == {}
