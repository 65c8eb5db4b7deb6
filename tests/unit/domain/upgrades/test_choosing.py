"""Which tag is chosen on each track, and what is said about the others."""

from datetime import UTC, datetime, timedelta

import pytest

from fairway.domain.upgrades.choosing import Rules, SeenTag, Track, choose, choose_chart_version

SAME = "not chosen: the same version as "
START = datetime(2026, 1, 1, tzinfo=UTC)


def tags(text: str) -> list[SeenTag]:
    return [SeenTag(tag) for tag in text.split()]


def dated(*names: str) -> list[SeenTag]:
    """Created one day after the other."""
    return [SeenTag(name, START + timedelta(days=day)) for day, name in enumerate(names)]


@pytest.mark.parametrize(
    ("current", "seen", "patch", "minor", "major"),
    [
        ("4.0.1", "4.0.1 4.0.3 4.1.0 4.0.2 5.0.0", "4.0.3", "4.1.0", "5.0.0"),
        ("4.0.3", "4.0.1 4.0.3 3.9.9", None, None, None),
        ("4.0.9", "4.0.10 4.0.9", "4.0.10", "4.0.10", "4.0.10"),
        ("1.2", "1.2 1.3.0", None, "1.3.0", "1.3.0"),
        ("1.2", "1.2.0 v1.2 1.2", None, None, None),
        ("1", "1 v1 1.0 1.0.0", None, None, None),
        ("1", "1.0.1 1.1 2", "1.0.1", "1.1", "2"),
        ("1.9", "1.10 1.9", None, "1.10", "1.10"),
        ("1.2.3", "1.2 1 1.2.3", None, None, None),
        ("v1.2.3", "1.2.4 v1.2.4", "v1.2.4", "v1.2.4", "v1.2.4"),
        ("1.2.3", "1.2.4 v1.2.4", "1.2.4", "1.2.4", "1.2.4"),
        ("v1.2.3", "1.2.4", "1.2.4", "1.2.4", "1.2.4"),
        ("1.2.3", "1.3 1.3.0 v1.3.0", None, "1.3.0", "1.3.0"),
        ("1.2", "1.3 1.3.0", None, "1.3", "1.3"),
        ("1.2.3", "1.2.4-rc1 1.3.0-beta.1 2.0.0-alpha", None, None, None),
        ("1.2.4-rc1", "1.2.4-rc2 1.2.3", "1.2.4-rc2", "1.2.4-rc2", "1.2.4-rc2"),
        ("1.2.4-rc1", "1.2.4-rc2 1.2.4", "1.2.4", "1.2.4", "1.2.4"),
        ("1.2.3", "1.2.4+7", None, None, None),
        ("1.2.3+6", "1.2.4+7 1.2.3+7", "1.2.4+7", "1.2.4+7", "1.2.4+7"),
        ("1.2.3", "1.2.4-alpine 1.3.0-alpine", None, None, None),
        ("1.2.3-alpine", "1.2.4-alpine 1.2.5 1.2.6-slim", "1.2.4-alpine", "1.2.4-alpine", "1.2.4-alpine"),
        ("latest", "latest 1.2.3 2", None, None, None),
        ("1.2.3", "latest main 3f2c1ab", None, None, None),
        ("1.2.3", "", None, None, None),
        ("0.1.0", "0.2.0 0.1.1 1.0.0", "0.1.1", "0.2.0", "1.0.0"),
    ],
)
def test_a_track_says_how_far_an_upgrade_goes(
    current: str, seen: str, patch: str | None, minor: str | None, major: str | None
) -> None:
    chosen = [choose(current, tags(seen), track).chosen for track in (Track.PATCH_LEVEL, Track.MINOR_VERSION)]
    assert [*chosen, choose(current, tags(seen), Track.MAJOR_VERSION).chosen] == [patch, minor, major]


def test_each_tag_seen_gets_its_reason_the_chosen_one_first() -> None:
    seen = tags("4.0.1 4.0.2 4.0.3 v4.0.3 4.1.0 5.0.0 4.0.4-rc1 4.0.4-alpine 4.0.5+1 3.9.0 v4.0.1 latest")
    choice = choose("4.0.1", seen, Track.PATCH_LEVEL)
    assert [(one.tag, one.chosen, one.reason) for one in choice.verdicts] == [
        ("4.0.3", True, "newest in 4.0.x"),
        ("5.0.0", False, "not chosen: MajorVersion change"),
        ("4.1.0", False, "not chosen: MinorVersion change"),
        ("4.0.5+1", False, "not chosen: build metadata"),
        ("4.0.4-rc1", False, "not chosen: pre-release"),
        ("4.0.4-alpine", False, "not chosen: another variant (alpine)"),
        ("v4.0.3", False, f"{SAME}4.0.3"),
        ("4.0.2", False, "not chosen: older than 4.0.3"),
        ("v4.0.1", False, f"{SAME}4.0.1"),
        ("4.0.1", False, "current"),
        ("3.9.0", False, "not chosen: older"),
        ("latest", False, "not chosen: not a version"),
    ]


@pytest.mark.parametrize(("track", "reason"), [(Track.MINOR_VERSION, "newest in 4.x"), (Track.MAJOR_VERSION, "newest")])
def test_the_chosen_tag_says_within_what_it_is_the_newest(track: Track, reason: str) -> None:
    assert choose("4.0.1", tags("4.0.2"), track).verdicts[0].reason == reason


def test_nothing_is_known_to_be_newer_than_a_tag_that_is_no_version() -> None:
    choice = choose("main", tags("main 1.0"), Track.MAJOR_VERSION)
    assert [(one.tag, one.reason) for one in choice.verdicts] == [
        ("1.0", "not chosen: the current main is not a version, so nothing is known to be newer"),
        ("main", "current"),
    ]


def test_a_trigger_may_allow_pre_releases() -> None:
    assert choose("1.0.0", tags("1.0.1-rc1"), Track.PATCH_LEVEL, Rules(pre_releases=True)).chosen == "1.0.1-rc1"
    assert choose("1.0.0", tags("1.0.1-alpine"), Track.PATCH_LEVEL, Rules(pre_releases=True)).chosen is None


def test_newest_goes_by_creation_and_not_by_name() -> None:
    seen = dated("old", "zz", "v20260101-0926", "aa")
    choice = choose("zz", seen, Track.NEWEST)
    assert [(one.tag, one.chosen, one.reason) for one in choice.verdicts] == [
        ("aa", True, "created last, 2026-01-04T00:00:00Z"),
        ("v20260101-0926", False, "not chosen: older than aa"),
        ("zz", False, "current"),
        ("old", False, "not chosen: older"),
    ]


def test_newest_follows_the_clock_also_to_a_lower_number() -> None:
    assert choose("4.0.1", dated("4.0.1", "3.9.9"), Track.NEWEST).chosen == "3.9.9"


def test_newest_never_goes_back_in_time() -> None:
    assert choose("b", dated("a", "b"), Track.NEWEST).chosen is None


def test_tags_created_together_are_the_same_image_and_no_upgrade() -> None:
    choice = choose("1.2.3", [SeenTag("latest", START), SeenTag("1.2.3", START)], Track.NEWEST)
    assert choice.chosen is None
    assert ("latest", "not chosen: created together with 1.2.3") in [(one.tag, one.reason) for one in choice.verdicts]


def test_of_tags_created_together_the_most_exact_version_is_chosen() -> None:
    later = START + timedelta(days=1)
    seen = [SeenTag("old", START), *(SeenTag(tag, later) for tag in ("latest", "1", "1.0.0", "1.0", "zz"))]
    choice = choose("old", seen, Track.NEWEST)
    assert choice.chosen == "1.0.0"
    assert ("latest", "not chosen: created together with 1.0.0") in [(one.tag, one.reason) for one in choice.verdicts]


def test_a_current_tag_that_was_deleted_is_followed_by_the_newest() -> None:
    assert choose("gone", dated("a", "b"), Track.NEWEST).chosen == "b"


def test_a_current_tag_without_creation_time_stays() -> None:
    choice = choose("a", [SeenTag("a"), SeenTag("b", START), SeenTag("c")], Track.NEWEST)
    assert choice.chosen is None
    assert {one.tag: one.reason for one in choice.verdicts} == {
        "a": "current",
        "b": "not chosen: the creation time of the current a is not known",
        "c": "not chosen: creation time not known",
    }


def test_times_with_and_without_zone_compare() -> None:
    seen = [SeenTag("a", datetime(2026, 1, 1)), SeenTag("b", START + timedelta(hours=1))]
    assert choose("a", seen, Track.NEWEST).chosen == "b"


def test_a_tag_that_is_seen_twice_is_judged_once_with_its_later_time() -> None:
    seen = [SeenTag("b"), SeenTag("b", START + timedelta(days=2)), SeenTag("b", START), *dated("a")]
    choice = choose("a", seen, Track.NEWEST)
    assert [one.tag for one in choice.verdicts] == ["b", "a"]
    assert choice.chosen == "b"


@pytest.mark.parametrize(
    ("current", "seen", "track", "chosen"),
    [
        ("1.2.3", "1.2.4 1.3.0", Track.PATCH_LEVEL, "1.2.4"),
        ("1.2.3", "1.2.4-rc1", Track.PATCH_LEVEL, None),
        ("1.2.3-foo", "1.2.4 1.2.4-bar", Track.PATCH_LEVEL, "1.2.4"),
        ("100.0.0+up1.2.3", "100.0.1+up1.2.4", Track.PATCH_LEVEL, "100.0.1+up1.2.4"),
        ("^2.1", "2.1.0 2.2.0", Track.MINOR_VERSION, None),
    ],
)
def test_every_suffix_of_a_chart_version_is_a_pre_release(
    current: str, seen: str, track: Track, chosen: str | None
) -> None:
    assert choose_chart_version(current, tags(seen), track).chosen == chosen


def test_charts_have_a_newest_as_well() -> None:
    assert choose_chart_version("1.0.0", dated("1.0.0", "0.9.9"), Track.NEWEST).chosen == "0.9.9"
