"""Which keys of a team are good, and what a rotation leaves: laws that hold whatever came before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch.team_keys import MOST_KEYS, TeamKey, good_keys, next_id, rotated, slug, told

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENTS = st.integers(-1000, 1000).map(lambda seconds: NOW + timedelta(seconds=seconds))


@st.composite
def keys_of_a_team(draw: st.DrawFn) -> list[TeamKey]:
    made: list[TeamKey] = []
    for at in draw(st.lists(MOMENTS, max_size=8)):
        id_ = next_id(made, at, draw(st.integers(0, 2**80 - 1)))
        made.append(TeamKey(id_, "shop", at, b"k", draw(st.none() | MOMENTS)))
    return made


def new_after(known: list[TeamKey]) -> TeamKey:
    return TeamKey(next_id(known, NOW, 0), "shop", NOW, b"new")


@given(keys_of_a_team(), st.integers(0, 2000))
def test_after_a_rotation_the_new_key_is_the_newest_and_does_not_end(known: list[TeamKey], keep: int) -> None:
    new = new_after(known)
    assert rotated(known, new, timedelta(seconds=keep))[0] == new


@given(keys_of_a_team(), st.integers(0, 2000))
def test_a_rotation_lengthens_the_life_of_no_key(known: list[TeamKey], keep: int) -> None:
    before = {one.id: one for one in known}
    last = NOW + timedelta(seconds=keep)
    for one in rotated(known, new_after(known), timedelta(seconds=keep))[1:]:
        was = before[one.id].until
        assert one.until is not None
        assert one.until <= last
        assert was is None or one.until <= was


@given(keys_of_a_team(), MOMENTS)
def test_good_are_the_newest_few_that_have_not_ended(known: list[TeamKey], now: datetime) -> None:
    good = good_keys(known, now)
    assert len(good) <= MOST_KEYS
    assert [one.id for one in good] == sorted((one.id for one in good), reverse=True)
    assert all(one.until is None or now < one.until for one in good)


@given(keys_of_a_team())
def test_ids_follow_the_order_in_which_keys_were_made_whatever_the_clock_says(known: list[TeamKey]) -> None:
    assert [one.id for one in known] == sorted({one.id for one in known})


@given(keys_of_a_team())
def test_what_is_told_holds_no_key_and_counts_those_that_are_good(known: list[TeamKey]) -> None:
    good = good_keys(known, NOW)
    listed = told(known, NOW)
    assert [one.keys for one in listed] == ([len(good)] if good else [])
    assert "k'" not in repr(listed)


def test_a_key_does_not_show_itself() -> None:
    assert "s3cret" not in repr(TeamKey("1", "shop", NOW, b"s3cret"))


def test_slugs_are_lower_case_without_blanks() -> None:
    assert slug(" Shop-Team ") == "shop-team"
