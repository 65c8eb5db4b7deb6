"""What a trigger says beside its track: which tags count at all, and which part of a tag is its version.

The rule not to break: a rule only ever takes tags away; it never makes one come before another. Rules for people:
docs/spec/upgrades.md, "Rules of a trigger".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from semver import Version

from fairway.domain.charts.constraints import BadConstraint, Constraint, parse_constraint
from fairway.domain.upgrades.tags import TagVersion, parse_tag

VERSION_GROUP = "version"
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9]+)?", re.ASCII)


class BadRule(ValueError):
    """A rule that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Empty fields rule nothing. Whoever takes a field from a user's text asks its `check_…` first."""

    filter: str = ""
    """A regular expression that must be found in the tag."""
    extract: str = ""
    """A regular expression; its group `version`, else its first group, is the version of the tag."""
    range: str = ""
    """A semver constraint, as for charts."""
    pre_releases: bool = False
    """Pre-releases count also when the current version is none."""

    def version_of(self, tag: str) -> TagVersion | None:
        """The version of a tag, `text` being the whole tag; None when it has none."""
        if not self.extract:
            return parse_tag(tag)
        found = self.extracted(tag)
        version = parse_tag(found) if found else None
        return replace(version, text=tag) if version else None

    def extracted(self, tag: str) -> str:
        """What `extract` finds in a tag; empty when it finds nothing."""
        match = _pattern(self.extract).search(tag)
        if match is None:
            return ""
        return match[VERSION_GROUP if VERSION_GROUP in match.re.groupindex else 1] or ""

    def refusal(self, tag: str, version: TagVersion | None, *, pre_releases: bool) -> str | None:
        """Why a tag does not count, without "not chosen"; None when it does."""
        if self.filter and not _pattern(self.filter).search(tag):
            return f"does not match filter {self.filter}"
        if self.extract and version is None:
            found = self.extracted(tag)
            return f"extract finds {found}, which is not a version" if found else "extract finds no version in it"
        if self.range and (version is None or not self._within(version, pre_releases)):
            return f"outside of range {self.range}"
        return None

    def _within(self, version: TagVersion, pre_releases: bool) -> bool:
        stage = "" if version.variant else version.pre_release
        parts = ".".join(_without_zeros(part) for part in stage.split(".")) if stage else None
        return _constraint(self.range).allows(Version(*version.core, parts), pre_releases=pre_releases)


def check_filter(text: str) -> None:
    """Raises BadRule."""
    try:
        _pattern(text)
    except re.error as error:
        raise BadRule(f"{text!r} is not a regular expression: {error}") from error


def check_extract(text: str) -> None:
    """Raises BadRule."""
    check_filter(text)
    if text and not _pattern(text).groups:
        raise BadRule(f"{text!r} has no group that would be the version")


def check_range(text: str) -> None:
    """Raises BadRule."""
    try:
        _constraint(text)
    except BadConstraint as error:
        raise BadRule(str(error)) from error


def check_platform(text: str) -> None:
    """`os/arch` or `os/arch/variant`. Raises BadRule."""
    if text and not _PLATFORM.fullmatch(text):
        raise BadRule(f'"{text}" is not a platform')


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


@lru_cache(maxsize=1024)
def _constraint(text: str) -> Constraint:
    return parse_constraint(text)


def _without_zeros(part: str) -> str:
    """semver has no `rc.01`; tags do."""
    return str(int(part)) if part.isdigit() else part
