"""Which teams somebody may let a repository deploy as."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.access.choosing import TeamAtGithub, choices, not_allowed

SLUGS = st.sampled_from(["web", "Web", "orders", "stock", "ops", "OPS", "sales"])
TEAMS = st.lists(st.builds(TeamAtGithub, SLUGS, SLUGS, st.booleans()), unique_by=lambda team: team.slug.lower())
REGISTERED = st.lists(SLUGS, unique_by=str.lower)


def team(slug: str, maintained: bool = True, name: str = "") -> TeamAtGithub:
    return TeamAtGithub(slug, name or slug, maintained)


def test_what_can_be_chosen_comes_first_and_by_name() -> None:
    found = choices(["stock"], [team("a", False), team("web", name="Zebra"), team("stock", False), team("b", name="B")])
    assert [one.slug for one in found] == ["b", "stock", "web", "a"]
    assert [one.can_be_chosen for one in found] == [True, True, True, False]


def test_a_registered_team_that_is_gone_is_kept_and_marked() -> None:
    (one,) = choices(["Gone"], [])
    assert (one.slug, one.is_registered, one.is_gone, one.can_be_chosen) == ("Gone", True, True, True)


def test_case_makes_no_difference() -> None:
    (one,) = choices(["WEB"], [team("web")])
    assert (one.is_registered, one.is_gone) == (True, False)
    assert not_allowed([], ["WEB"], [team("web")]) == []


def test_what_one_does_not_maintain_is_named() -> None:
    assert not_allowed(["kept"], ["web", "kept", "ops", "x"], [team("web"), team("ops", False)]) == ["ops", "x"]


@given(REGISTERED, TEAMS)
def test_every_team_is_shown_once(registered: list[str], teams: list[TeamAtGithub]) -> None:
    shown = [one.slug.lower() for one in choices(registered, teams)]
    assert sorted(shown) == sorted({slug.lower() for slug in registered} | {one.slug.lower() for one in teams})


@given(REGISTERED, TEAMS, st.data())
def test_what_the_form_lets_one_choose_is_what_is_allowed(
    registered: list[str], teams: list[TeamAtGithub], data: st.DataObject
) -> None:
    shown = choices(registered, teams)
    chosen = [one for one in shown if data.draw(st.booleans())]
    refused = not_allowed(registered, [one.slug for one in chosen], teams)
    assert refused == sorted(one.slug for one in chosen if not one.can_be_chosen)


@given(REGISTERED, TEAMS)
def test_taking_out_is_always_allowed(registered: list[str], teams: list[TeamAtGithub]) -> None:
    assert not_allowed(registered, registered[: len(registered) // 2], teams) == []
