"""What filter, extract, range and preReleases of a trigger take away, and what is said about it."""

from datetime import UTC, datetime, timedelta

import pytest

from fairway.domain.upgrades.choosing import Rules, SeenTag, Track, choose, choose_chart_version
from fairway.domain.upgrades.rules import BadRule, check_extract, check_filter, check_platform, check_range

START = datetime(2026, 1, 1, tzinfo=UTC)


def tags(text: str) -> list[SeenTag]:
    return [SeenTag(tag) for tag in text.split()]


def reasons(
    current: str, seen: str, track: Track, rules: Rules, refused: dict[str, str] | None = None
) -> dict[str, str]:
    return {one.tag: one.reason for one in choose(current, tags(seen), track, rules, refused or {}).verdicts}


def test_only_tags_in_which_the_filter_is_found_count() -> None:
    rules = Rules(filter="-(alpine|slim)$")
    assert reasons("1.0.0-alpine", "1.0.0-alpine 1.0.1-alpine 1.0.2 1.0.3-arm", Track.PATCH_LEVEL, rules) == {
        "1.0.1-alpine": "newest in 1.0.x",
        "1.0.3-arm": "not chosen: another variant (arm)",
        "1.0.2": "not chosen: another variant (none)",
        "1.0.0-alpine": "current",
    }
    assert reasons("1.0.0", "1.0.1 1.0.2", Track.PATCH_LEVEL, Rules(filter="1$")) == {
        "1.0.1": "newest in 1.0.x",
        "1.0.2": "not chosen: does not match filter 1$",
    }


@pytest.mark.parametrize(
    "pattern", [r"^main-[0-9a-f]+-(?P<version>\d+)$", r"^main-[0-9a-f]+-(\d+)$", r"(x)?-(?P<version>\d+)$"]
)
def test_the_version_of_a_tag_can_be_a_part_of_it(pattern: str) -> None:
    seen = "main-3f2c1ab-9 main-99aa110-10 main-0000000-8 dev-1-x 11"
    found = reasons("main-3f2c1ab-9", seen, Track.MAJOR_VERSION, Rules(extract=pattern))
    assert found == {
        "main-99aa110-10": "newest",
        "main-3f2c1ab-9": "current",
        "main-0000000-8": "not chosen: older",
        "dev-1-x": "not chosen: extract finds no version in it",
        "11": "not chosen: extract finds no version in it",
    }


def test_what_extract_finds_must_be_a_version() -> None:
    rules = Rules(extract="^b-(.*)$")
    assert reasons("b-1.0.0", "b-1.0.1 b-x", Track.PATCH_LEVEL, rules)["b-x"] == (
        "not chosen: extract finds x, which is not a version"
    )
    assert reasons("1.0.0", "b-1.0.1", Track.PATCH_LEVEL, rules)["b-1.0.1"] == (
        "not chosen: the current 1.0.0 has no version that extract finds, so nothing is known to be newer"
    )


def test_a_range_holds_beside_the_track() -> None:
    seen = "1.4.1 1.4.9 1.5.0 1.9.0 2.0.0 latest"
    assert reasons("1.4.1", seen, Track.MINOR_VERSION, Rules(range="<1.9")) == {
        "1.5.0": "newest in 1.x",
        "2.0.0": "not chosen: outside of range <1.9",
        "1.9.0": "not chosen: outside of range <1.9",
        "1.4.9": "not chosen: older than 1.5.0",
        "1.4.1": "current",
        "latest": "not chosen: outside of range <1.9",
    }


@pytest.mark.parametrize(
    ("current", "pre_releases", "chosen"),
    [("1.4.1", False, None), ("1.4.1", True, "1.5.0-rc.01"), ("1.5.0-beta", False, "1.5.0-rc.01")],
)
def test_a_range_lets_pre_releases_in_where_they_are_wanted(
    current: str, pre_releases: bool, chosen: str | None
) -> None:
    rules = Rules(range="^1", pre_releases=pre_releases)
    assert choose(current, tags("1.5.0-rc.01 2.0.0"), Track.MAJOR_VERSION, rules).chosen == chosen


def test_a_variant_is_no_pre_release_for_a_range() -> None:
    assert choose("1.0.0-alpine", tags("1.0.1-alpine"), Track.PATCH_LEVEL, Rules(range="~1.0")).chosen == "1.0.1-alpine"


def test_rules_hold_for_charts_and_for_the_newest_too() -> None:
    assert (
        choose_chart_version("1.0.0", tags("1.1.0 1.2.0"), Track.MINOR_VERSION, Rules(range="<1.2")).chosen == "1.1.0"
    )
    seen = [SeenTag(tag, START + timedelta(days=day)) for day, tag in enumerate(("a-1", "a-2", "b-3", "a-9"))]
    rules = Rules(filter="^a", extract="-(.*)", range="<9")
    choice = choose("a-1", seen, Track.NEWEST, rules)
    assert {one.tag: one.reason for one in choice.verdicts} == {
        "a-2": "created last, 2026-01-02T00:00:00Z",
        "a-9": "not chosen: outside of range <9",
        "b-3": "not chosen: does not match filter ^a",
        "a-1": "current",
    }


def test_what_is_refused_is_not_chosen_however_it_is_written() -> None:
    refused = {"1.0.3": "held: it crashed on start"}
    assert reasons("1.0.0", "1.0.1 v1.0.3 1.0.3", Track.PATCH_LEVEL, Rules(), refused) == {
        "1.0.1": "newest in 1.0.x",
        "v1.0.3": "not chosen: held: it crashed on start",
        "1.0.3": "not chosen: held: it crashed on start",
    }


def test_what_is_refused_is_not_the_newest() -> None:
    seen = [SeenTag(tag, START + timedelta(days=day)) for day, tag in enumerate(("a", "b", "c"))]
    choice = choose("a", seen, Track.NEWEST, refused={"c": "held: slow"})
    assert choice.chosen == "b"
    assert ("c", "not chosen: held: slow") in [(one.tag, one.reason) for one in choice.verdicts]


@pytest.mark.parametrize("text", ["", "linux/amd64", "linux/arm/v7", "windows/amd64"])
def test_platforms_are_os_and_architecture(text: str) -> None:
    check_platform(text)


@pytest.mark.parametrize(
    ("check", "text"),
    [(check_filter, "["), (check_extract, "x"), (check_extract, "("), (check_range, "a b"), (check_platform, "amd64")],
)
def test_a_rule_that_cannot_be_read_is_told(check, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadRule, match=r"not|no group"):
        check(text)
