from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.charts.constraints import BadConstraint, allows, parse_constraint
from fairway.domain.charts.versions import is_exact, nearest, nearest_names, newest_first, parse_version

LINES = (Path(__file__).parent / "masterminds.tsv").read_text().split("\n")
VERSIONS = LINES[2].split()
TABLE = [tuple(line.split("\t")) for line in LINES[3:] if line]

NUMBER = st.integers(0, 12)
VERSION = st.builds("{}.{}.{}".format, NUMBER, NUMBER, NUMBER)


@pytest.mark.parametrize(("constraint", "expected"), TABLE, ids=[repr(row[0]) for row in TABLE])
def test_a_constraint_allows_what_it_allows_in_helm(constraint: str, expected: str) -> None:
    try:
        parsed = parse_constraint(constraint)
    except BadConstraint:
        found = "invalid"
    else:
        found = "".join("1" if (v := parse_version(text)) and parsed.allows(v) else "0" for text in VERSIONS)
    assert found == expected


def test_no_constraint_means_any_release() -> None:
    assert parse_constraint("").newest(["1.0.0", "2.0.0-rc.1"]) == "1.0.0"


def test_a_text_that_is_no_version_satisfies_nothing() -> None:
    assert not allows("*", "latest")


def test_the_newest_that_is_allowed_is_taken() -> None:
    assert parse_constraint("^1").newest(["1.0.0", "1.10.0", "1.9.0", "2.0.0", "junk"]) == "1.10.0"
    assert parse_constraint("^3").newest(["1.0.0"]) is None


def test_a_text_that_is_offered_as_it_stands_wins() -> None:
    assert parse_constraint("1.0.0").newest(["1.0.0+b", "1.0.0"]) == "1.0.0"
    assert parse_constraint("1.0").newest(["1.0.7", "1.0"]) == "1.0"


@given(VERSION, VERSION)
def test_hyphens_are_a_range_with_both_ends(low: str, high: str) -> None:
    constraint = parse_constraint(f"{low} - {high}")
    pair = [parse_version(low), parse_version(high)]
    assert pair[0] is not None
    assert pair[1] is not None
    assert constraint.allows(pair[0]) == constraint.allows(pair[1]) == (pair[0] <= pair[1])


@given(VERSION, VERSION)
def test_each_version_is_below_equal_or_above_another(one: str, other: str) -> None:
    assert sum(allows(f"{sign}{one}", other) for sign in ("<", "=", ">")) == 1
    assert allows(f"!={one}", other) != allows(f"={one}", other)


@given(VERSION)
def test_caret_is_never_narrower_than_tilde_above_zero(version: str) -> None:
    if version.startswith("0."):
        return
    major, minor, patch = version.split(".")
    later = f"{major}.{minor}.{int(patch) + 1}"
    assert allows(f"~{version}", later)
    assert allows(f"^{version}", later)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("1.2.3", True),
        ("v1.2.3", True),
        ("1.2.3-rc.1+b", True),
        ("1.2", False),
        ("^1.2.3", False),
        ("1.2.x", False),
        ("", False),
        ("1.2.3-01", False),
        ("1.2.3 ", False),
    ],
)
def test_exact_versions_are_told_from_ranges(text: str, exact: bool) -> None:
    assert is_exact(text) is exact


def test_versions_are_sorted_by_meaning_and_keep_their_text() -> None:
    assert newest_first(["1.9.0", "v1.10.0", "1.10.0-rc.1", "latest", "1.9.0"]) == ["v1.10.0", "1.10.0-rc.1", "1.9.0"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("1.4.2", ["2.0.0", "1.4.1", "1.0.0"]),
        ("9.9.9", ["2.0.0", "1.4.1"]),
        ("0.1.0", ["2.0.0", "1.4.1", "1.0.0"]),
        ("nonsense", ["2.0.0", "1.4.1", "1.0.0"]),
    ],
)
def test_the_nearest_versions_are_below_and_above(wanted: str, expected: list[str]) -> None:
    assert nearest(wanted, ["1.0.0", "1.4.1", "2.0.0"]) == expected


def test_a_pre_release_of_the_wanted_version_is_near() -> None:
    assert "2.0.0-rc.1" in nearest("2.0.0", ["1.0.0", "2.0.0-rc.1", "1.5.0", "1.6.0"])


def test_names_that_look_alike_are_near() -> None:
    assert nearest_names("postgres", ["redis", "postgresql", "postgresql-ha"])[0] == "postgresql"
    assert nearest_names("zzz", ["redis"]) == []
