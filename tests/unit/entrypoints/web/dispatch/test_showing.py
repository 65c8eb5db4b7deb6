"""What a page says of a request: its words, its links, when it comes anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.deployments.record import Cause, Change, ChangeKind, Deployment, Door, PlanSummary, Run, Story
from fairway.domain.deployments.record import StatusEntry as Entry
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import Origin, RepositoryName
from fairway.entrypoints.web.dispatch.showing import Link, page_of, seconds, show
from fairway.services.hookd.ports import Tracked

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
GITHUB = "https://github.example"
RUN = f"{GITHUB}/example/orders/actions/runs/1"


def tracked(*states: State, origin: Origin = Origin(), description: str = "", **more: Any) -> Tracked:
    entries = [Entry("D", State.QUEUED, AT)]
    entries += [Entry("D", state, AT + timedelta(seconds=n), description) for n, state in enumerate(states, 1)]
    change = Change(
        "dev", "orders", ChangeKind.APPLY, plan=PlanSummary((("apply", "Deployment orders"),), {"apply": 2})
    )
    cause = Cause(origin.creator, commit=origin.sha, branch=origin.ref, reason=origin.description)
    story = Story(Run("R", AT, Door.GITHUB, "deploy", cause), Deployment("D", "R", AT, change), tuple(entries))
    made = Tracked(
        "d-1", RepositoryName("example", "orders"), 7, "dev", "shop", origin, "orders", AT + timedelta(minutes=1), story
    )
    return replace(made, **more)


def shown(one: Tracked, after: float = 5) -> Any:
    return show(one, GITHUB, AT + timedelta(seconds=after))


@pytest.mark.parametrize(
    ("states", "more", "waits"),
    [
        ((), {}, "It waits for the queue; if that does not take it by 12:01:00 UTC, it fails."),
        ((), {"published_at": AT}, "It waits for deployd of dev; if none takes it by 12:01:00 UTC, it fails."),
        ((), {"published_at": AT, "taken_at": AT}, "deployd of dev has it, and checks and applies it."),
        ((State.IN_PROGRESS,), {}, "It is applied, and Fairway waits until it is healthy."),
        ((State.IN_PROGRESS, State.SUCCESS), {}, ""),
        ((State.ERROR,), {}, ""),
    ],
)
def test_it_says_what_is_waited_for(states: tuple[State, ...], more: dict[str, Any], waits: str) -> None:
    assert shown(tracked(*states, **more)).waits == waits


@pytest.mark.parametrize(
    ("more", "says", "stuck"),
    [
        ({}, "GitHub was told nothing yet. Next: “in progress”.", False),
        ({"posted": State.QUEUED}, "GitHub was told “queued”. Next: “in progress”.", False),
        ({"posted": State.IN_PROGRESS}, "GitHub was told “in progress”.", False),
        (
            {"posted": State.QUEUED, "post_problem": "502 Bad Gateway"},
            "GitHub was told “queued”. The last try failed, and is made again: 502 Bad Gateway",
            False,
        ),
        (
            {"post_problem": "404", "posting_ended": True},
            "GitHub was told nothing yet. It can't be told more, and is not tried again: 404",
            True,
        ),
        ({"deployment_id": 0}, "It was not asked for through GitHub, so GitHub is told nothing.", False),
    ],
)
def test_it_says_what_github_knows(more: dict[str, Any], says: str, stuck: bool) -> None:
    one = shown(tracked(State.IN_PROGRESS, **more))
    assert (one.github, one.github_is_stuck) == (says, stuck)


def test_it_says_so_where_github_is_told_nothing_at_all() -> None:
    one = show(tracked(State.IN_PROGRESS), GITHUB, AT, tells_github=False)
    assert one.github == "GitHub is told nothing: this server works without it (--github-enabled=false)."


def test_the_steps_are_in_order_with_what_was_not_a_status() -> None:
    one = shown(
        tracked(
            State.IN_PROGRESS,
            State.FAILURE,
            description="no\n\n more\n",
            published_at=AT,
            taken_at=AT + timedelta(seconds=0.5),
        )
    )
    assert [(step.state, step.says, step.after) for step in one.steps] == [
        ("queued", "Accepted", ""),
        ("", "The queue has it", ""),
        ("", "deployd of dev has taken it", "+0.5 s"),
        ("in_progress", "no", "+1.0 s"),
        ("failure", "no", "+2.0 s"),
    ]
    assert one.steps[-1].detail == " more"
    assert (one.reason, one.took, one.objects, one.omitted) == ("no", "2.0 s", ("Deployment orders",), 2)


@pytest.mark.parametrize(
    ("states", "after", "refresh"), [((), 5, 5), ((State.IN_PROGRESS,), 3600, 60), ((State.SUCCESS,), 5, 0)]
)
def test_a_page_comes_anew_while_something_runs_and_less_often_after_long(
    states: tuple[State, ...], after: float, refresh: int
) -> None:
    assert shown(tracked(*states), after).refresh == refresh


@pytest.mark.parametrize(
    ("origin", "ref", "commit", "creator"),
    [
        (Origin(), Link("", ""), Link("", ""), Link("", "")),
        (
            Origin(ref="refs/heads/a b", sha="ab" * 20, creator="renovate[bot]"),
            Link("a b", f"{GITHUB}/example/orders/tree/a%20b"),
            Link("abababa", f"{GITHUB}/example/orders/commit/{'ab' * 20}"),
            Link("renovate[bot]", f"{GITHUB}/apps/renovate"),
        ),
        (
            Origin(ref="../..?x#y", sha="../../x", creator="a/b"),
            Link("../..?x#y", f"{GITHUB}/example/orders/tree/../..%3Fx%23y"),
            Link("../../x", ""),
            Link("a/b", ""),
        ),
    ],
)
def test_links_are_made_of_what_was_checked(origin: Origin, ref: Link, commit: Link, creator: Link) -> None:
    one = shown(tracked(origin=origin))
    assert (one.ref, one.commit, one.creator) == (ref, commit, creator)


@pytest.mark.parametrize(
    ("number", "web_url", "link"),
    [
        (7, "javascript:alert(1)", Link("GitHub deployment 7", f"{GITHUB}/example/orders/deployments")),
        (0, RUN, Link("the API, by a workflow run", RUN)),
        (0, "javascript:alert(1)", Link("the API")),
        (0, "", Link("the API")),
    ],
)
def test_it_says_which_way_it_came(number: int, web_url: str, link: Link) -> None:
    assert shown(tracked(origin=Origin(web_url=web_url), deployment_id=number)).origin == link


@given(st.text(max_size=60))
def test_no_delivery_id_leaves_its_place_in_an_address(id_: str) -> None:
    address = page_of(id_)
    assert address.startswith("/deployments/")
    assert not set(address.removeprefix("/deployments/")) & set("/?#\"'<> \n")


@pytest.mark.parametrize(
    ("length", "text"), [(-1, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (75, "75 s"), (179, "179 s"), (720, "12 min")]
)
def test_lengths_are_short(length: float, text: str) -> None:
    assert seconds(timedelta(seconds=length)) == text


@given(st.lists(st.sampled_from(State), max_size=4), st.booleans(), st.booleans(), st.text(max_size=20))
def test_whatever_the_record_says_there_is_something_to_show(
    states: list[State], published: bool, taken: bool, description: str
) -> None:
    one = shown(
        tracked(
            *states, description=description, published_at=AT if published else None, taken_at=AT if taken else None
        )
    )
    assert len(one.steps) == 1 + len(states) + published + taken
    assert bool(one.refresh) == bool(one.waits)
