"""Which of the versions seen comes next, and why each of the others does not.

The rule not to break: nothing chosen is ever lower (for Newest: created earlier) than what is there, and choosing again
after an upgrade chooses nothing. Rules for people: docs/spec/upgrades.md, "Choosing".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from fairway.domain.upgrades.tags import TagVersion, parse_tag


class Track(StrEnum):
    """How far an upgrade may go."""

    PATCH_LEVEL = "PatchLevel"
    MINOR_VERSION = "MinorVersion"
    MAJOR_VERSION = "MajorVersion"
    NEWEST = "Newest"


@dataclass(frozen=True, slots=True)
class SeenTag:
    """A tag or chart version that exists; `created` without a zone is UTC."""

    tag: str
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    tag: str
    chosen: bool
    reason: str
    """As shown to people: `newest in 4.0.x`, `not chosen: pre-release`, `current`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`chosen` is None when what is there stays; `verdicts` has each tag once, the newest first."""

    chosen: str | None
    verdicts: tuple[Verdict, ...]


def choose(current: str, seen: Iterable[SeenTag], track: Track, *, pre_releases: bool = False) -> Choice:
    """The next tag of an image. `pre_releases` allows them also when the current tag is none."""
    tags = _distinct(seen)
    if track is Track.NEWEST:
        return _newest(current, tags)
    return _by_version(current, tags, track, pre_releases=pre_releases, variants=True)


def choose_chart_version(current: str, seen: Iterable[SeenTag], track: Track, *, pre_releases: bool = False) -> Choice:
    """The next version of a chart: as for images, but every suffix is a pre-release."""
    tags = _distinct(seen)
    if track is Track.NEWEST:
        return _newest(current, tags)
    return _by_version(current, tags, track, pre_releases=pre_releases, variants=False)


def _distinct(seen: Iterable[SeenTag]) -> list[SeenTag]:
    latest: dict[str, SeenTag] = {}
    for one in seen:
        created = one.created.replace(tzinfo=one.created.tzinfo or UTC) if one.created else None
        known = latest.get(one.tag)
        if known is None or (created is not None and (known.created is None or created > known.created)):
            latest[one.tag] = SeenTag(one.tag, created)
    return sorted(latest.values(), key=lambda one: one.tag)


def _by_version(current: str, seen: list[SeenTag], track: Track, *, pre_releases: bool, variants: bool) -> Choice:
    now = parse_tag(current)
    versions = {one.tag: parse_tag(one.tag) for one in seen}
    if now is None:
        why = f"not chosen: the current {current} is not a version, so nothing is known to be newer"
        return Choice(None, _sorted({tag: _verdict(tag, current, why) for tag in versions}, versions))
    gate = _Gate(now, track, pre_releases, variants)
    reasons = {tag: gate.refusal(version) for tag, version in versions.items()}
    eligible = [version for tag, version in versions.items() if version is not None and reasons[tag] is None]
    best = max(eligible, key=lambda version: _preference(version, now), default=None)
    verdicts = {}
    for tag, version in versions.items():
        reason = reasons[tag]
        if reason is None and best is not None and version is not None:
            same = version.precedence == best.precedence
            reason = f"not chosen: {'the same version as' if same else 'older than'} {best.text}"
        verdicts[tag] = _verdict(tag, current, reason or "")
    if best is not None:
        verdicts[best.text] = Verdict(best.text, True, _within(now, track))
    return Choice(best.text if best else None, _sorted(verdicts, versions))


@dataclass(frozen=True, slots=True)
class _Gate:
    """What keeps a version from being chosen, whatever else there is."""

    now: TagVersion
    track: Track
    pre_releases: bool
    variants: bool

    def refusal(self, version: TagVersion | None) -> str | None:
        """None for a version that may be chosen."""
        if version is None:
            return "not chosen: not a version"
        now = self.now
        if version.precedence == now.precedence:
            return f"not chosen: the same version as {now.text}"
        variant = version.variant if self.variants else ""
        ours = now.variant if self.variants else ""
        if variant != ours:
            return f"not chosen: another variant ({variant or 'none'})"
        if version.precedence < now.precedence:
            return "not chosen: older"
        if version.build and not now.build:
            return "not chosen: build metadata"
        if version.pre_release and not variant and not now.pre_release and not self.pre_releases:
            return "not chosen: pre-release"
        if self.track is not Track.MAJOR_VERSION:
            if version.core[0] != now.core[0]:
                return "not chosen: MajorVersion change"
            if self.track is Track.PATCH_LEVEL and version.core[1] != now.core[1]:
                return "not chosen: MinorVersion change"
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


def _newest(current: str, seen: list[SeenTag]) -> Choice:
    versions = {one.tag: parse_tag(one.tag) for one in seen}
    created = {one.tag: one.created for one in seen}
    since = created.get(current)
    unknown = current in created and since is None
    best = None
    if not unknown:
        dated = [(when, one.tag) for one in seen if (when := one.created) is not None and one.tag != current]
        newer = [(when, tag) for when, tag in dated if since is None or when > since]
        best = max(newer, key=lambda item: (item[0], *_rank(versions[item[1]]), item[1]), default=None)
    verdicts = {
        tag: _verdict(tag, current, _why_not(when, since, current, unknown, best)) for tag, when in created.items()
    }
    if best is not None:
        verdicts[best[1]] = Verdict(best[1], True, f"created last, {_shown(best[0])}")
    order = {tag: (when or datetime.min.replace(tzinfo=UTC)) for tag, when in created.items()}
    return Choice(best[1] if best else None, _ordered(verdicts, lambda tag: (order[tag], tag)))


def _why_not(
    when: datetime | None, since: datetime | None, current: str, unknown: bool, best: tuple[datetime, str] | None
) -> str:
    """`since`: when the current tag was created; `unknown`: it is there, but nobody knows when it was created."""
    if when is None:
        return "not chosen: creation time not known"
    if unknown:
        return f"not chosen: the creation time of the current {current} is not known"
    if since is not None and when <= since:
        return "not chosen: older" if when < since else f"not chosen: created together with {current}"
    if best is None:
        return "current"
    return f"not chosen: {'older than' if when < best[0] else 'created together with'} {best[1]}"


def _rank(version: TagVersion | None) -> tuple[object, ...]:
    """Of tags created together: a version before a word, an exact one before a short one."""
    if version is None:
        return (0,)
    return 1, version.precedence, len(version.numbers)


def _shown(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _verdict(tag: str, current: str, reason: str) -> Verdict:
    return Verdict(tag, False, "current" if tag == current else reason)


def _sorted(verdicts: dict[str, Verdict], versions: dict[str, TagVersion | None]) -> tuple[Verdict, ...]:
    def key(tag: str) -> tuple[object, ...]:
        version = versions[tag]
        return (1, version.precedence, tag) if version else (0, (), tag)

    return _ordered(verdicts, key)


def _ordered(verdicts: dict[str, Verdict], key: Callable[[str], tuple[object, ...]]) -> tuple[Verdict, ...]:
    """The chosen one first, then newest first."""
    ordered = sorted(verdicts, key=key, reverse=True)
    return tuple(verdicts[tag] for tag in sorted(ordered, key=lambda tag: not verdicts[tag].chosen))
