"""Which of the versions seen comes next, and why each of the others does not.

The rule not to break: nothing chosen is ever lower (for Newest: created earlier) than what is there, and choosing again
after an upgrade chooses nothing. Rules for people: docs/spec/upgrades.md, "Choosing".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fairway.domain.upgrades.newest import choose_newest
from fairway.domain.upgrades.rules import Rules
from fairway.domain.upgrades.tags import Precedence, TagVersion
from fairway.domain.upgrades.verdicts import Choice, SeenTag, Track, Verdict, distinct, ordered, verdict

__all__ = ["NOTHING", "Choice", "Rules", "SeenTag", "Track", "Verdict", "choose", "choose_chart_version"]

NOTHING: Mapping[str, str] = {}
"""Refused."""


def choose(
    current: str,
    seen: Iterable[SeenTag],
    track: Track,
    rules: Rules = Rules(),
    refused: Mapping[str, str] = NOTHING,
) -> Choice:
    """The next tag of an image. `refused` says of tags why they are not to be chosen, e.g. `held: it crashed`."""
    return _choose(current, seen, track, rules, refused, variants=True)


def choose_chart_version(
    current: str,
    seen: Iterable[SeenTag],
    track: Track,
    rules: Rules = Rules(),
    refused: Mapping[str, str] = NOTHING,
) -> Choice:
    """The next version of a chart: as for images, but every suffix is a pre-release."""
    return _choose(current, seen, track, rules, refused, variants=False)


def _choose(
    current: str, seen: Iterable[SeenTag], track: Track, rules: Rules, refused: Mapping[str, str], *, variants: bool
) -> Choice:
    tags = distinct(seen)
    if track is Track.NEWEST:
        return choose_newest(current, tags, rules, refused)
    return _by_version(current, tags, track, rules, refused, variants=variants)


def _by_version(
    current: str, seen: list[SeenTag], track: Track, rules: Rules, refused: Mapping[str, str], *, variants: bool
) -> Choice:
    now = rules.version_of(current)
    versions = {one.tag: rules.version_of(one.tag) for one in seen}
    if now is None:
        what = "has no version that extract finds" if rules.extract else "is not a version"
        why = f"not chosen: the current {current} {what}, so nothing is known to be newer"
        return Choice(None, _sorted({tag: verdict(tag, current, why) for tag in versions}, versions))
    gate = _Gate(now, track, rules, _Refused.of(refused, rules), variants)
    reasons = {tag: gate.refusal(tag, version) for tag, version in versions.items()}
    eligible = [version for tag, version in versions.items() if version is not None and reasons[tag] is None]
    best = max(eligible, key=lambda version: _preference(version, now), default=None)
    verdicts = {}
    for tag, version in versions.items():
        reason = reasons[tag]
        if reason is None and best is not None and version is not None:
            same = version.precedence == best.precedence
            reason = f"{'the same version as' if same else 'older than'} {best.text}"
        kept_back = gate.refused.why(version) if version is not None else None
        verdicts[tag] = verdict(tag, current, f"not chosen: {reason}", kept_back or "" if kept_back == reason else "")
    if best is not None:
        verdicts[best.text] = Verdict(best.text, True, _within(now, track))
    return Choice(best.text if best else None, _sorted(verdicts, versions))


@dataclass(frozen=True, slots=True)
class _Refused:
    """Who refuses `1.3` means `v1.3.0` too: it is the same version."""

    tags: Mapping[str, str]
    versions: Mapping[Precedence, str] = field(default_factory=dict)

    @classmethod
    def of(cls, refused: Mapping[str, str], rules: Rules) -> _Refused:
        known = ((rules.version_of(tag), reason) for tag, reason in refused.items())
        return cls(refused, {version.precedence: reason for version, reason in known if version and not version.build})

    def why(self, version: TagVersion) -> str | None:
        return self.tags.get(version.text) or (None if version.build else self.versions.get(version.precedence))


@dataclass(frozen=True, slots=True)
class _Gate:
    """What keeps a version from being chosen, whatever else there is."""

    now: TagVersion
    track: Track
    rules: Rules
    refused: _Refused
    variants: bool

    def refusal(self, tag: str, version: TagVersion | None) -> str | None:
        """None for a version that may be chosen."""
        pre_releases = bool(self.rules.pre_releases or self.now.pre_release)
        ruled_out = self.rules.refusal(tag, version, pre_releases=pre_releases)
        if version is None:
            return ruled_out or "not a version"
        return self._behind(version) or ruled_out or self._beyond(version) or self.refused.why(version)

    def _behind(self, version: TagVersion) -> str | None:
        now = self.now
        if version.precedence == now.precedence:
            return f"the same version as {now.text}"
        variant = version.variant if self.variants else ""
        ours = now.variant if self.variants else ""
        if variant != ours:
            return f"another variant ({variant or 'none'})"
        return "older" if version.precedence < now.precedence else None

    def _beyond(self, version: TagVersion) -> str | None:
        now = self.now
        if version.build and not now.build:
            return "build metadata"
        variant = version.variant if self.variants else ""
        if version.pre_release and not variant and not now.pre_release and not self.rules.pre_releases:
            return "pre-release"
        if self.track is not Track.MAJOR_VERSION:
            if version.core[0] != now.core[0]:
                return "MajorVersion change"
            if self.track is Track.PATCH_LEVEL and version.core[1] != now.core[1]:
                return "MinorVersion change"
        return None


def _preference(version: TagVersion, now: TagVersion) -> tuple[object, ...]:
    """The highest; of equal ones the one written like the current tag, then the most exact."""
    alike = (version.v == now.v, bool(version.build) == bool(now.build), len(version.numbers) == len(now.numbers))
    return version.precedence, *alike, len(version.numbers), version.text


def _within(now: TagVersion, track: Track) -> str:
    major, minor, _ = now.core
    if track is Track.PATCH_LEVEL:
        return f"newest in {major}.{minor}.x"
    return f"newest in {major}.x" if track is Track.MINOR_VERSION else "newest"


def _sorted(verdicts: dict[str, Verdict], versions: dict[str, TagVersion | None]) -> tuple[Verdict, ...]:
    def key(tag: str) -> tuple[object, ...]:
        version = versions[tag]
        return (1, version.precedence, tag) if version else (0, (), tag)

    return ordered(verdicts, key)
