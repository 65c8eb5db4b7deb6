"""What is left alone, by whose word, and until when.

The rule not to break: a suspension whose time is over counts as none, whether or not somebody tidied it away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Suspension:
    """`release` empty: the whole environment, with what is no longer declared in it. Times know their zone."""

    environment: str
    release: str = ""
    reason: str = ""
    by: str = ""
    at: datetime | None = None
    until: datetime | None = None
    """From this moment on it counts no more; None: until somebody resumes it."""

    def is_over(self, now: datetime) -> bool:
        return self.until is not None and self.until <= now

    @property
    def what(self) -> str:
        """`prod`, or `prod/web`."""
        return f"{self.environment}/{self.release}" if self.release else self.environment


def suspended(suspensions: Iterable[Suspension], environment: str, release: str, now: datetime) -> Suspension | None:
    """What keeps a release still: of several the one that lasts longest, its own before its environment's."""
    found = [
        one
        for one in suspensions
        if one.environment == environment and one.release in ("", release) and not one.is_over(now)
    ]
    return max(found, key=_lasting, default=None)


def _lasting(one: Suspension) -> tuple[bool, float, bool]:
    return one.until is None, one.until.timestamp() if one.until else 0.0, bool(one.release)


def in_words(one: Suspension) -> str:
    """`suspended by ada until 2026-11-22 08:00 UTC: database move`, or `suspended with all of prod by ada`."""
    text = "suspended" if one.release else f"suspended with all of {one.environment}"
    if one.by:
        text += f" by {one.by}"
    if one.until is not None:
        text += f" until {moment(one.until)}"
    return f"{text}: {one.reason}" if one.reason else text


def moment(at: datetime) -> str:
    """`2026-11-22 08:00 UTC`, in the zone that the time is given in."""
    zone = at.tzname() or ""
    return f"{at:%Y-%m-%d %H:%M} {'UTC' if zone == 'UTC+00:00' else zone}".rstrip()
