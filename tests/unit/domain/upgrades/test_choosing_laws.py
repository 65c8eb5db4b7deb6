"""Laws of choosing, over made-up registries."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.upgrades.choosing import Choice, Rules, SeenTag, Track, choose, choose_chart_version

_numbers = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
_suffixes = st.sampled_from(["", "", "", "-rc1", "-rc2", "-beta.3", "-alpine", "-slim", "+1", "_2", "-4"])
_versions = st.builds(
    lambda v, numbers, suffix: f"{v}{numbers}{suffix}", st.sampled_from(["", "v"]), _numbers, _suffixes
)
_names = _versions | st.sampled_from(["latest", "main", "3f2c1ab", "1.2.3.4"])
_times = st.none() | st.integers(0, 5).map(lambda day: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day))
_seen = st.lists(st.builds(SeenTag, _names, _times), max_size=12)
_tracks = st.sampled_from(Track)
_rules = st.builds(
    Rules,
    filter=st.sampled_from(["", "", "^[^v]", "1", "alpine$"]),
    extract=st.sampled_from(["", "", r"^v?(.*)$", r"(?P<version>\d+)$", r"^(\d)\."]),
    range=st.sampled_from(["", "", "<2", "^1", ">=1.0.0-0 <2 || ^3", "~1.2 || 0.x"]),
    pre_releases=st.booleans(),
)
_refused = st.dictionaries(_names, st.just("held: it was bad"), max_size=3)
_by_version = st.sampled_from([Track.PATCH_LEVEL, Track.MINOR_VERSION, Track.MAJOR_VERSION])


def created(tag: str, seen: list[SeenTag]) -> datetime | None:
    return max((one.created for one in seen if one.tag == tag and one.created), default=None)


@given(_names, _seen, _by_version, _rules, _refused)
def test_what_is_chosen_is_seen_higher_within_the_track_and_ruled_in(
    current: str, seen: list[SeenTag], track: Track, rules: Rules, refused: dict[str, str]
) -> None:
    for rule in (choose, choose_chart_version):
        chosen = rule(current, seen, track, rules, refused).chosen
        if chosen is None:
            continue
        now, then = rules.version_of(current), rules.version_of(chosen)
        assert now is not None
        assert then is not None
        assert chosen in {one.tag for one in seen}
        assert chosen not in refused
        assert re.search(rules.filter, chosen)
        assert then.precedence > now.precedence
        if track is not Track.MAJOR_VERSION:
            assert then.core[0] == now.core[0]
        if track is Track.PATCH_LEVEL:
            assert then.core[1] == now.core[1]


@given(_names, _seen, _rules, _refused)
def test_newest_is_never_created_earlier(
    current: str, seen: list[SeenTag], rules: Rules, refused: dict[str, str]
) -> None:
    chosen = choose(current, seen, Track.NEWEST, rules, refused).chosen
    if chosen is not None:
        then, now = created(chosen, seen), created(current, seen)
        assert then is not None
        assert now is None or then > now
        assert chosen not in refused


@given(_names, _seen)
def test_without_rules_the_newest_is_the_last_of_all(current: str, seen: list[SeenTag]) -> None:
    chosen = choose(current, seen, Track.NEWEST).chosen
    if chosen is not None:
        assert created(chosen, seen) == max(one.created for one in seen if one.created)


@given(_names, _seen, _tracks, _rules, _refused)
def test_after_an_upgrade_nothing_more_is_chosen(
    current: str, seen: list[SeenTag], track: Track, rules: Rules, refused: dict[str, str]
) -> None:
    for rule in (choose, choose_chart_version):
        chosen = rule(current, seen, track, rules, refused).chosen
        if chosen is not None:
            assert rule(chosen, seen, track, rules, refused).chosen is None


@given(_names, _seen, _tracks, _rules, _refused, st.randoms())
def test_the_order_of_what_is_seen_does_not_matter(  # type: ignore[no-untyped-def]
    current: str, seen: list[SeenTag], track: Track, rules: Rules, refused: dict[str, str], random
) -> None:
    shuffled = list(seen)
    random.shuffle(shuffled)
    assert choose(current, seen, track, rules, refused) == choose(current, shuffled, track, rules, refused)


@given(_names, _seen, _tracks, _rules, _refused)
def test_each_tag_has_one_verdict_and_the_chosen_one_is_marked(
    current: str, seen: list[SeenTag], track: Track, rules: Rules, refused: dict[str, str]
) -> None:
    choice: Choice = choose(current, seen, track, rules, refused)
    assert sorted(one.tag for one in choice.verdicts) == sorted({one.tag for one in seen})
    assert [one.tag for one in choice.verdicts if one.chosen] == ([choice.chosen] if choice.chosen else [])
    for one in choice.verdicts:
        assert one.chosen or one.reason == "current" or one.reason.startswith("not chosen: ")
        assert (one.reason == "current") == (one.tag == current)
