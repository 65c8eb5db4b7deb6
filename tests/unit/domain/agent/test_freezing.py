"""Freeze windows: laws of when they hold and when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.agent.freezing import DAYS, Window, frozen, read_freeze
from fairway.domain.configuration.agent import Freeze

OSLO = ZoneInfo("Europe/Oslo")
times = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
minutes = st.builds(
    lambda day, hour, minute: f"{day} {hour:02}:{minute:02}",
    st.sampled_from(DAYS),
    st.integers(0, 23),
    st.integers(0, 59),
)


def window(**written: object) -> Window:
    read = read_freeze(Freeze.model_validate({"reason": "quiet", **written}))
    assert isinstance(read, Window), read
    return read


def mistakes(**written: object) -> list[tuple[str, str]]:
    read = read_freeze(Freeze.model_validate({"reason": "quiet", **written}))
    assert not isinstance(read, Window)
    return [(one.key, one.message) for one in read]


def test_a_weekend_freeze_holds_from_friday_to_monday_by_the_clock_on_the_wall() -> None:
    weekend = window(weekly="Fri 16:00 - Mon 06:00", timezone="Europe/Oslo")
    friday = datetime(2026, 11, 20, 16, 0, tzinfo=OSLO)
    assert weekend.ends(friday - timedelta(minutes=1)) is None
    assert weekend.ends(friday) == datetime(2026, 11, 23, 6, 0, tzinfo=OSLO)
    assert weekend.ends(datetime(2026, 11, 23, 6, 0, tzinfo=OSLO)) is None
    # The clock goes back in this night: the end stays at six by the wall.
    assert weekend.ends(datetime(2026, 10, 24, 12, 0, tzinfo=OSLO)) == datetime(2026, 10, 26, 6, 0, tzinfo=OSLO)


def test_a_dated_freeze_holds_from_its_first_moment_and_not_at_its_last() -> None:
    christmas = window(**{"from": "2026-12-23T18:00:00+01:00", "until": "2026-12-27T06:00:00+01:00"})
    start, until = datetime(2026, 12, 23, 17, tzinfo=UTC), datetime(2026, 12, 27, 5, tzinfo=UTC)
    assert christmas.ends(start - timedelta(seconds=1)) is None
    assert christmas.ends(start) == until
    assert christmas.ends(until) is None


def test_a_freeze_may_have_no_end_and_concerns_only_its_environments() -> None:
    open_ended = window(**{"from": "2026-01-01T00:00:00Z", "environments": ["prod*"]})
    now = datetime(2026, 6, 1, tzinfo=UTC)
    found = frozen([open_ended], "prod-eu", now)
    assert found is not None
    assert (found.reason, found.until) == ("quiet", None)
    assert frozen([open_ended], "test", now) is None


def test_of_several_freezes_the_one_that_lasts_longest_is_told() -> None:
    short = window(until="2026-06-02T00:00:00Z", reason="short")
    long = window(until="2026-07-01T00:00:00Z", reason="long")
    found = frozen([short, long], "prod", datetime(2026, 6, 1, tzinfo=UTC))
    assert found is not None
    assert found.reason == "long"


@given(minutes, minutes, times, st.sampled_from(["UTC", "Europe/Oslo", "America/New_York", "Asia/Kolkata"]))
def test_what_holds_ends_later_and_what_ended_holds_no_more(start: str, end: str, now: datetime, zone: str) -> None:
    if start == end:
        return
    one = window(weekly=f"{start} - {end}", timezone=zone)
    ends = one.ends(now)
    if ends is None:
        return
    local_end = ends.astimezone(ZoneInfo(zone))
    assert (
        f"{DAYS[local_end.weekday()]}" == end.split()[0]
        or local_end.utcoffset() != now.astimezone(ZoneInfo(zone)).utcoffset()
    )
    # A clock that goes back lets the last hour come twice.
    assert now - timedelta(hours=1) < ends <= now + timedelta(days=8)


@given(minutes, minutes, times)
def test_every_moment_of_a_week_is_in_a_span_or_in_its_complement(start: str, end: str, now: datetime) -> None:
    if start == end:
        return
    inside = window(weekly=f"{start} - {end}").ends(now)
    outside = window(weekly=f"{end} - {start}").ends(now)
    assert (inside is None) != (outside is None)


@given(minutes, minutes, times, st.integers(1, 10))
def test_without_changes_of_the_clock_every_week_is_like_the_other(
    start: str, end: str, now: datetime, weeks: int
) -> None:
    if start == end:
        return
    one = window(weekly=f"{start} - {end}")
    later = now + timedelta(weeks=weeks)
    before, after = one.ends(now), one.ends(later)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after - before == timedelta(weeks=weeks)


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        ({}, "", "no time"),
        ({"weekly": "Fri 16:00 - Mon 06:00", "until": "2026-01-01T00:00:00Z"}, "", "both"),
        ({"from": "tomorrow"}, "from", "is no time"),
        ({"from": "2026-01-01T00:00:00"}, "from", "says no zone"),
        ({"from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until", "before it begins"),
        ({"weekly": "Friday to Monday"}, "weekly", "no part of a week"),
        ({"weekly": "Fra 16:00 - Mon 06:00"}, "weekly", "no day and hour"),
        ({"weekly": "Fri 25:00 - Mon 06:00"}, "weekly", "no day and hour"),
        ({"weekly": "Fri 16:00 - Fri 16:00"}, "weekly", "begins where it ends"),
        ({"weekly": "Fri 16:00 - Mon 06:00", "timezone": "Oslo"}, "timezone", "no time zone"),
    ],
)
def test_what_can_not_be_meant_is_told_with_its_place(written: dict[str, str], key: str, words: str) -> None:
    ((where, message),) = mistakes(**written)
    assert where == key
    assert words in message
