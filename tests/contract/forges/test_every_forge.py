"""What every forge does alike."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.forges.place import Place

from fairway.domain.errors import UserError
from fairway.services.forges.ports import CommitState, Proposed, PullRequest, Status

WANTED = Proposed("fairway/upgrades/prod", "main", "web 1.9.0 → 1.9.1", "| release | old | new |\n| --- | --- | --- |")


async def proposed(place: Place, wanted: Proposed = WANTED) -> PullRequest:
    place.push(wanted.branch)
    return await place.forge.propose(wanted)


async def test_a_pull_request_is_opened_as_it_was_proposed(place: Place) -> None:
    commit = place.push(WANTED.branch)
    made = await place.forge.propose(WANTED)
    assert (made.branch, made.base, made.title, made.body) == (WANTED.branch, "main", WANTED.title, WANTED.body)
    assert len(made.head) >= 12
    assert commit.startswith(made.head)
    assert made.url.startswith(("http", "memory"))
    assert str(made.number) in made.url
    assert place.is_open(made.number)


async def test_proposing_again_changes_the_open_one(place: Place) -> None:
    first = await proposed(place)
    commit = place.push(WANTED.branch)
    again = await place.forge.propose(replace(WANTED, title="web 1.9.0 → 1.9.2", body="newer"))
    assert (again.number, again.title, again.body) == (first.number, "web 1.9.0 → 1.9.2", "newer")
    assert commit.startswith(again.head)


async def test_texts_that_are_too_long_are_cut(place: Place) -> None:
    made = await proposed(place, replace(WANTED, title="web\n" + "1" * 400, body="ö" * 2_000_000))
    assert len(made.title) <= 255
    assert "\n" not in made.title
    assert made.body.endswith("ö…")


async def test_after_a_closed_one_a_new_one_is_opened(place: Place) -> None:
    first = await proposed(place)
    await place.forge.close(first.number, "superseded")
    second = await proposed(place)
    assert second.number != first.number
    assert not place.is_open(first.number)


async def test_a_branch_that_does_not_exist_cannot_be_proposed(place: Place) -> None:
    with pytest.raises(UserError, match=r"fairway/upgrades/prod"):
        await place.forge.propose(WANTED)


async def test_open_requests_are_found_by_the_beginning_of_their_branch(place: Place) -> None:
    ours = await proposed(place)
    other = await proposed(place, replace(WANTED, branch="feature/x"))
    closed = await proposed(place, replace(WANTED, branch="fairway/upgrades/test"))
    await place.forge.close(closed.number, "superseded")
    assert [one.number for one in await place.forge.open_requests("fairway/upgrades/")] == [ours.number]
    assert [one.number for one in await place.forge.open_requests("feature/")] == [other.number]


async def test_open_requests_are_found_on_all_pages(place: Place) -> None:
    numbers = {(await proposed(place, replace(WANTED, branch=f"fairway/{n}"))).number for n in range(7)}
    assert {one.number for one in await place.forge.open_requests("fairway/")} == numbers


async def test_labels_are_added_to_those_that_are_there(place: Place) -> None:
    if not place.has_labels:
        pytest.skip("this forge has no labels")
    made = await proposed(place, replace(WANTED, labels=["upgrade"]))
    place.label_by_hand(made.number, "by hand")
    again = await place.forge.propose(replace(WANTED, labels=["upgrade", "fairway"]))
    assert sorted(place.labels(made.number)) == ["by hand", "fairway", "upgrade"]
    assert sorted(again.labels) == ["by hand", "fairway", "upgrade"]


async def test_reviewers_are_asked_once(place: Place) -> None:
    made = await proposed(place, replace(WANTED, reviewers=["anna"]))
    await place.forge.propose(replace(WANTED, reviewers=["anna", "bert"]))
    assert sorted(place.reviewers(made.number)) == ["anna", "bert"]


async def test_auto_merge_is_switched_on_and_taken_back(place: Place) -> None:
    if not place.has_auto_merge:
        pytest.skip("this forge cannot merge by itself")
    assert (await proposed(place, replace(WANTED, auto_merge=True))).auto_merge
    assert (await place.forge.propose(replace(WANTED, auto_merge=True))).auto_merge
    assert place.merges(1)
    assert not (await place.forge.propose(WANTED)).auto_merge
    (shown,) = await place.forge.open_requests(WANTED.branch)
    assert not shown.auto_merge
    assert not place.merges(shown.number)


async def test_auto_merge_is_taken_back_by_itself(place: Place) -> None:
    if not place.has_auto_merge:
        pytest.skip("this forge cannot merge by itself")
    made = await proposed(place, replace(WANTED, auto_merge=True))
    for _ in range(2):
        await place.forge.stop_merging(made.number)
    assert not place.merges(made.number)
    await place.forge.stop_merging(77)


async def test_closing_says_why_and_deletes_the_branch(place: Place) -> None:
    made = await proposed(place)
    await place.forge.close(made.number, "superseded by #2")
    assert not place.is_open(made.number)
    assert place.bodies(made.number) == ["superseded by #2"]
    assert list(place.branches()) == ["main"]


async def test_closing_twice_says_it_once(place: Place) -> None:
    made = await proposed(place)
    for _ in range(2):
        await place.forge.close(made.number, "superseded")
    assert place.bodies(made.number) == ["superseded"]


async def test_a_request_that_does_not_exist_is_named(place: Place) -> None:
    for work in (
        place.forge.close(77, "x"),
        place.forge.comments(77),
        place.forge.add_comment(77, "x"),
    ):
        with pytest.raises(UserError, match="77"):
            await work


async def test_comments_are_added_changed_and_deleted(place: Place) -> None:
    number = (await proposed(place)).number
    first = await place.forge.add_comment(number, "<!-- fairway:plan -->\none")
    second = await place.forge.add_comment(number, "two")
    changed = await place.forge.edit_comment(number, first.id, "<!-- fairway:plan -->\nthree")
    assert (changed.id, changed.body) == (first.id, "<!-- fairway:plan -->\nthree")
    assert [(one.id, one.body) for one in await place.forge.comments(number)] == [
        (first.id, "<!-- fairway:plan -->\nthree"),
        (second.id, "two"),
    ]
    await place.forge.delete_comment(number, second.id)
    assert place.bodies(number) == ["<!-- fairway:plan -->\nthree"]


async def test_a_comment_that_is_gone_is_deleted_already(place: Place) -> None:
    number = (await proposed(place)).number
    comment = await place.forge.add_comment(number, "one")
    for _ in range(2):
        await place.forge.delete_comment(number, comment.id)
    with pytest.raises(UserError, match=comment.id):
        await place.forge.edit_comment(number, comment.id, "two")


async def test_comments_are_found_on_all_pages(place: Place) -> None:
    number = (await proposed(place)).number
    for n in range(7):
        await place.forge.add_comment(number, str(n))
    assert [one.body for one in await place.forge.comments(number)] == list("0123456")


async def test_comments_of_others_are_left_out(place: Place) -> None:
    if not place.tells_authors:
        pytest.skip("everything here is one's own")
    number = (await proposed(place)).number
    place.comment_by_hand(number, "<!-- fairway:plan -->\nnot ours")
    await place.forge.add_comment(number, "ours")
    assert [one.body for one in await place.forge.comments(number)] == ["ours"]


@pytest.mark.parametrize("state", [CommitState.SUCCESS, CommitState.FAILURE, CommitState.ERROR])
async def test_a_commit_has_the_status_that_was_set_last(state: CommitState, place: Place) -> None:
    commit = place.push("feature/x")
    await place.forge.set_status(Status(commit, "fairway/plan", CommitState.PENDING, "planning"))
    assert place.statuses(commit) == [("fairway/plan", "pending", "planning")]
    await place.forge.set_status(Status(commit, "fairway/plan", state, "2 releases change", "https://ci.example/1"))
    await place.forge.set_status(Status(commit, "fairway/lint", CommitState.SUCCESS, "no mistakes"))
    assert sorted(place.statuses(commit)) == [
        ("fairway/lint", "success", "no mistakes"),
        ("fairway/plan", place.shows_as(state), "2 releases change"),
    ]


async def test_a_long_description_is_cut_to_what_the_forge_takes(place: Place) -> None:
    commit = place.push("feature/x")
    await place.forge.set_status(Status(commit, "fairway/plan", CommitState.FAILURE, "ö" * 500))
    ((_, _, description),) = place.statuses(commit)
    assert description.startswith("ö" * 100)


async def test_pages_for_people_lie_at_the_forge(place: Place) -> None:
    assert place.forge.commit_url("abc").endswith("abc")
    assert "abc" in place.forge.compare_url("abc", "def")
    assert "def" in place.forge.compare_url("abc", "def")
