"""Deployments as people see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from tests.support.deployments import a_deployment, a_log, a_run, at

from fairway.domain.deployments.record import ChangeKind, Door, PlanSummary, Story
from fairway.domain.deployments.status import State
from fairway.entrypoints.cli.ledger_views import log_lines, run_lines, story_lines
from fairway.entrypoints.cli.render.style import Line, paint

RUN = a_run(subject="a very long subject that goes on and on, further than any terminal is wide, or should be")
NOW = at(3 * 3600).astimezone(timezone(timedelta(hours=1), "CET"))


def a_story(*states: State, release: str = "web", **last: object) -> Story:
    deployment = a_deployment(RUN, release=release)
    return Story(RUN, deployment, tuple(a_log(deployment, *states, **last)) if states else ())


def text(lines: list[Line]) -> str:
    return "\n".join(paint(line, color=False) for line in lines)


@pytest.mark.parametrize(
    ("states", "last", "words"),
    [
        ((), {}, "· prod web  upgrade  1.9.0 → 1.9.1  ID  queued"),
        ((State.QUEUED, State.IN_PROGRESS), {}, "⠿ prod web  upgrade  1.9.0 → 1.9.1  ID  in progress"),
        ((State.IN_PROGRESS, State.SUCCESS), {"revision": 12}, "ID  revision 12 in 1.0 s"),
        ((State.SUCCESS,), {}, "ID  done"),
        ((State.IN_PROGRESS, State.FAILURE), {"description": "why\nmore"}, "ID  failed after 1.0 s: why"),
        ((State.ERROR,), {"description": "no chart"}, "ID  error: no chart"),
        ((State.ERROR,), {"description": "Error in deployment request: no team"}, "ID  error: no team"),
        ((State.FAILURE,), {"description": "Deployment failed: no (total of 1 error)"}, "ID  failed: no (total"),
        ((State.FAILURE, State.ROLLED_BACK), {"revision": 13}, "✗ prod web  upgrade  1.9.0 → 1.9.1  ID  rolled back"),
        ((State.SUCCESS, State.INACTIVE), {}, "– prod web  upgrade  1.9.0 → 1.9.1  ID  replaced by a newer one"),
    ],
)
def test_each_state_has_its_sign_and_words(states: tuple[State, ...], last: dict[str, object], words: str) -> None:
    story = a_story(*states, **last)
    assert words in text(log_lines([story], {story.id: "ID"}, NOW, None))


def test_lines_end_at_the_edge_of_the_terminal() -> None:
    story = a_story(State.FAILURE, description="x" * 300)
    cut = text(log_lines([story], {story.id: "ID"}, NOW, 60)).splitlines()
    assert [len(line) for line in cut] == [60, 60]
    assert all(line.endswith("…") for line in cut)
    assert "x" * 300 in text(log_lines([story], {story.id: "ID"}, NOW, None))


def test_times_are_shown_where_one_is() -> None:
    out = text(story_lines(a_story(State.QUEUED), 1, NOW))
    assert "2026-11-21 13:00:00 CET" in out
    assert "13:00:01.1  · queued" in out


@pytest.mark.parametrize("door", list(Door))
def test_what_others_asked_for_is_not_tried_again_by_a_command(door: Door) -> None:
    run = replace(RUN, door=door)
    deployment = a_deployment(run)
    story = Story(run, deployment, tuple(a_log(deployment, State.FAILURE)))
    of_run, of_one = text(run_lines([story], {story.id: "ID"}, NOW, None)), text(story_lines(story, 1, NOW))
    assert ("try again" in of_run, "try again" in of_one) == (
        (False,) * 2 if door in ("github", "api") else (True,) * 2
    )
    assert "the reason" in of_run


def test_a_run_that_still_goes_on_says_so() -> None:
    stories = [a_story(State.SUCCESS), a_story(State.IN_PROGRESS, release="orders")]
    out = text(run_lines(stories, dict.fromkeys([story.id for story in stories], "ID"), NOW, None))
    assert "2 changes, 1 not finished" in out
    assert "try again" not in out


def test_a_plan_that_was_cut_says_how_much_is_missing() -> None:
    plan = PlanSummary((("delete", "Pod a"), ("replace", "Job b")), {"create": 7})
    deployment = a_deployment(RUN, plan=plan, action=ChangeKind.INSTALL)
    out = text(story_lines(Story(RUN, deployment, ()), 1, NOW))
    assert "1 deleted, 1 replaced, 7 created" in out
    assert "- Pod a" in out
    assert "± Job b" in out
    assert "… and 7 more" in out


def test_uncommitted_changes_are_named() -> None:
    run = a_run(dirty=True, subject="x")
    out = text(story_lines(Story(run, a_deployment(run), ()), 1, NOW))
    assert '3f2c1ab "x" with uncommitted changes' in out
