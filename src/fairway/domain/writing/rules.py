"""Which change is written how: `upgrades.write` and its rules, and what may merge by itself.

The rule not to break: the first rule that fits decides; a level only ever fits an upgrade whose level is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from fairway.domain.configuration.upgrades import LevelName, UpgradesSection, WriteName, WriteRule
from fairway.domain.upgrades.upgrade import Level

_FAR = {"none": -1, "patch": 0, "minor": 1, "major": 2}
_LEVELS = {Level.PATCH: 0, Level.MINOR: 1, Level.MAJOR: 2}


def how_to_write(section: UpgradesSection, environment: str, release: str, level: Level | None = None) -> WriteName:
    """`level` None: not an upgrade (a hold, a revert), or one without numbers to compare."""
    for rule in section.rules:
        if _fits(rule, environment, release, level):
            return rule.write
    return section.write


def writes_requests(section: UpgradesSection) -> bool:
    """Whether anything may become a pull request."""
    return section.write == "pullRequest" or any(rule.write == "pullRequest" for rule in section.rules)


def may_merge(limit: LevelName, levels: Iterable[Level | None]) -> bool:
    """Whether a pull request with upgrades of these levels may merge by itself. Nothing merges unasked."""
    levels = list(levels)
    return bool(levels) and all(within(level, limit) for level in levels)


def within(level: Level | None, limit: LevelName) -> bool:
    """An upgrade without numbers to compare is within no limit."""
    return level is not None and level in _LEVELS and _LEVELS[level] <= _FAR[limit]


def _fits(rule: WriteRule, environment: str, release: str, level: Level | None) -> bool:
    if not any(fnmatchcase(environment, pattern) for pattern in rule.environments):
        return False
    if not any(fnmatchcase(release, pattern) for pattern in rule.releases):
        return False
    return rule.level is None or within(level, rule.level)
