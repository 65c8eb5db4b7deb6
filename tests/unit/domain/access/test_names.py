"""Names of repositories and slugs of teams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.access.names import MOST_TEAMS, is_repository, lowered, repository_name, team_slugs
from fairway.domain.errors import UserError

SLUGS = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,20}[A-Za-z0-9_])?", fullmatch=True)


@pytest.mark.parametrize("text", ["shop/web", "Shop-1/Web.app", "a/b", "shop/.github", "shop_x/a_b-c", "org/x..y"])
def test_names_as_github_has_them(text: str) -> None:
    assert repository_name(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        "shop/",
        "/web",
        "shop/web/x",
        "shop/..",
        "shop/.",
        "-shop/web",
        "sh op/web",
        "shop/w b",
        "shop/web\n",
        "ü/web",
        "a" * 101 + "/b",
    ],
)
def test_names_that_are_none(text: str) -> None:
    assert not is_repository(text)
    with pytest.raises(UserError, match="no repository") as error:
        repository_name(text)
    assert "OWNER/NAME" in (error.value.fix or "")


@given(st.lists(SLUGS, max_size=20))
def test_teams_are_sorted_each_once_and_as_written(texts: list[str]) -> None:
    found = team_slugs(texts)
    assert set(found) <= set(texts)
    assert lowered(found) == lowered(texts)
    assert [one.lower() for one in found] == sorted(lowered(texts))
    assert team_slugs(found) == found


@pytest.mark.parametrize("text", ["", " ", "a b", "-a", "a-", ".", "../x", "<b>", "a/b", "a\n"])
def test_slugs_that_are_none(text: str) -> None:
    with pytest.raises(UserError, match="no slug"):
        team_slugs(["web", text])


def test_too_many_teams_are_refused() -> None:
    assert len(team_slugs(f"t{number}" for number in range(MOST_TEAMS))) == MOST_TEAMS
    with pytest.raises(UserError, match="too many"):
        team_slugs(f"t{number}" for number in range(MOST_TEAMS + 1))
