"""Whom a suspension keeps still, for how long, and how that is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import UserError
from fairway.domain.suspensions.stored import decode, encode, key_of, read
from fairway.domain.suspensions.suspension import Suspension, in_words, suspended
from fairway.domain.suspensions.until import end_of, parse_length, parse_time

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
OSLO = timezone(timedelta(hours=1), "CET")
ALL, WEB = Suspension("prod"), Suspension("prod", "web")


@pytest.mark.parametrize(
    ("stored", "release", "found"),
    [
        ([], "web", None),
        ([WEB], "web", WEB),
        ([WEB], "orders", None),
        ([WEB], "", None),
        ([ALL], "web", ALL),
        ([ALL], "", ALL),
        ([Suspension("dev", "web")], "web", None),
        ([ALL, WEB], "web", WEB),
        ([ALL, Suspension("prod", "web", until=NOW + timedelta(hours=1))], "web", ALL),
        ([Suspension("prod", until=NOW + timedelta(hours=1)), WEB], "web", WEB),
        ([Suspension("prod", "web", until=NOW)], "web", None),
        ([Suspension("prod", "web", until=NOW), ALL], "web", ALL),
    ],
)
def test_what_keeps_a_release_still_is_what_lasts_longest(
    stored: list[Suspension], release: str, found: Suspension | None
) -> None:
    assert suspended(stored, "prod", release, NOW) == found
    assert suspended(stored[::-1], "prod", release, NOW) == found


def test_it_ends_with_the_very_moment() -> None:
    one = Suspension("prod", "web", until=NOW)
    assert suspended([one], "prod", "web", NOW - timedelta(microseconds=1)) == one
    assert suspended([one], "prod", "web", NOW) is None


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (WEB, "suspended"),
        (ALL, "suspended with all of prod"),
        (Suspension("prod", "web", "because", "ada"), "suspended by ada: because"),
        (
            Suspension("prod", "", "because", "ada", NOW, NOW),
            "suspended with all of prod by ada until 2026-11-21 14:30 UTC: because",
        ),
        (Suspension("prod", "web", until=NOW.astimezone(OSLO)), "suspended until 2026-11-21 15:30 CET"),
    ],
)
def test_it_is_told_with_who_why_and_until_when(one: Suspension, words: str) -> None:
    assert in_words(one) == words


times = st.none() | st.datetimes(timezones=st.just(UTC)) | st.datetimes(timezones=st.just(OSLO))
names = st.text(min_size=1, max_size=12)
suspensions = st.builds(Suspension, names, st.just("") | names, st.text(), st.text(), times, times)


@given(suspensions)
def test_what_is_stored_comes_back_as_it_was(one: Suspension) -> None:
    assert decode(encode(one)) == one


@given(st.tuples(names, st.just("") | names), st.tuples(names, st.just("") | names))
def test_different_suspensions_have_different_keys_that_a_config_map_takes(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert (key_of(*one) == key_of(*other)) == (one == other)
    assert all(c.isascii() and (c.isalnum() or c in "-._") for c in key_of(*one))


@given(st.dictionaries(st.text(), st.text() | suspensions.map(encode)))
def test_whatever_stands_in_the_config_map_reading_it_never_fails(data: dict[str, str]) -> None:
    assert all(one.environment == "prod" for one in read(data, "prod"))


def test_keys_of_usual_names_are_readable() -> None:
    assert (key_of("prod", ""), key_of("eu-1.prod", "web")) == ("prod", "eu-1.prod__web")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90m", timedelta(minutes=90)),
        ("2h", timedelta(hours=2)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("1h30m15s", timedelta(hours=1, minutes=30, seconds=15)),
    ],
)
def test_lengths_are_written_in_days_hours_minutes_and_seconds(text: str, length: timedelta) -> None:
    assert parse_length(text) == length


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "-2h", "0m", "1h1h", "2w", "99999999999999999d", "2hours"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="no length"):
        parse_length(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("18:00", datetime(2026, 11, 21, 17, tzinfo=UTC)),
        ("15:30", datetime(2026, 11, 22, 14, 30, tzinfo=UTC)),
        ("8:05", datetime(2026, 11, 22, 7, 5, tzinfo=UTC)),
        ("2026-12-27", datetime(2026, 12, 26, 23, tzinfo=UTC)),
        ("2026-12-27 08:00", datetime(2026, 12, 27, 7, tzinfo=UTC)),
        ("2026-12-27T08:00:00Z", datetime(2026, 12, 27, 8, tzinfo=UTC)),
    ],
)
def test_times_without_a_zone_are_of_the_one_who_writes_them(text: str, at: datetime) -> None:
    """It is half past three in Oslo, so 15:30 is tomorrow's."""
    assert parse_time(text, NOW, OSLO) == at


@pytest.mark.parametrize("text", ["24:00", "12:60", "tomorrow", "2026-13-01", "18"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="no time"):
        parse_time(text, NOW, OSLO)


def test_neither_is_for_ever_both_are_refused_and_so_is_what_is_over() -> None:
    assert end_of(None, None, NOW, OSLO) is None
    assert end_of(None, "2h", NOW, OSLO) == NOW + timedelta(hours=2)
    with pytest.raises(UserError, match="both"):
        end_of("18:00", "2h", NOW, OSLO)
    with pytest.raises(UserError, match="over already"):
        end_of("2026-11-21 15:00", None, NOW, OSLO)
