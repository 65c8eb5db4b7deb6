"""What is written how."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.configuration.upgrades import UpgradesSection
from fairway.domain.upgrades.upgrade import Level
from fairway.domain.writing.rules import how_to_write, may_merge, writes_requests

RULES = [
    {"environments": ["prod*"], "releases": ["db-*"], "write": "nothing"},
    {"environments": ["prod*"], "level": "patch", "write": "commit"},
    {"environments": ["prod*"], "write": "pullRequest"},
    {"level": "none", "write": "lock"},
]


def section(**given: Any) -> UpgradesSection:
    return UpgradesSection.model_validate({"rules": RULES, **given})


@pytest.mark.parametrize(
    ("environment", "release", "level", "expected"),
    [
        ("prod", "db-main", Level.PATCH, "nothing"),
        ("prod-eu", "web", Level.PATCH, "commit"),
        ("prod", "web", Level.MINOR, "pullRequest"),
        ("prod", "web", Level.MAJOR, "pullRequest"),
        ("prod", "web", Level.OTHER, "pullRequest"),
        ("prod", "web", None, "pullRequest"),
        ("staging", "web", Level.PATCH, "commit"),
        ("staging", "web", None, "commit"),
    ],
)
def test_the_first_rule_that_fits_decides(environment: str, release: str, level: Level | None, expected: str) -> None:
    assert how_to_write(section(), environment, release, level) == expected


def test_without_rules_everything_is_written_alike() -> None:
    assert how_to_write(UpgradesSection(), "prod", "web", Level.MAJOR) == "commit"
    assert how_to_write(section(rules=[], write="pullRequest"), "prod", "web") == "pullRequest"


def test_whether_pull_requests_are_wanted_at_all() -> None:
    assert writes_requests(section())
    assert not writes_requests(UpgradesSection())


@pytest.mark.parametrize(
    ("limit", "levels", "expected"),
    [
        ("none", [Level.PATCH], False),
        ("patch", [Level.PATCH, Level.PATCH], True),
        ("patch", [Level.PATCH, Level.MINOR], False),
        ("minor", [Level.PATCH, Level.MINOR], True),
        ("major", [Level.MAJOR], True),
        ("major", [Level.OTHER], False),
        ("major", [None], False),
        ("major", [], False),
    ],
)
def test_only_what_goes_no_further_than_the_limit_merges_by_itself(
    limit: Any, levels: list[Level | None], expected: bool
) -> None:
    assert may_merge(limit, levels) is expected
