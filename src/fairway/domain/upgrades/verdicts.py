"""What choosing works on and what comes of it: tracks, tags that were seen, and a verdict about each.

The rule not to break: plain data; a reason is a whole sentence's worth for people, and nobody parses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


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
    refused: str = ""
    """Why it was kept back although its track and rules allow it: `held: it crashed`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`chosen` is None when what is there stays; `verdicts` has each tag once, the newest first."""

    chosen: str | None
    verdicts: tuple[Verdict, ...]


def distinct(seen: Iterable[SeenTag]) -> list[SeenTag]:
    """Each tag once, with its latest date, in an order that depends on the tags alone."""
    latest: dict[str, SeenTag] = {}
    for one in seen:
        created = one.created.replace(tzinfo=one.created.tzinfo or UTC) if one.created else None
        known = latest.get(one.tag)
        if known is None or (created is not None and (known.created is None or created > known.created)):
            latest[one.tag] = SeenTag(one.tag, created)
    return sorted(latest.values(), key=lambda one: one.tag)


def verdict(tag: str, current: str, reason: str, refused: str = "") -> Verdict:
    """A verdict that does not choose; `reason` is for all but the current tag."""
    return Verdict(tag, False, "current" if tag == current else reason, "" if tag == current else refused)


def ordered(verdicts: dict[str, Verdict], key: Callable[[str], tuple[object, ...]]) -> tuple[Verdict, ...]:
    """The chosen one first, then newest first."""
    by_age = sorted(verdicts, key=key, reverse=True)
    return tuple(verdicts[tag] for tag in sorted(by_age, key=lambda tag: not verdicts[tag].chosen))
