"""Freeze windows: times in which nothing is applied, once or every week.

The rule not to break: a window holds from its first moment on, and at the moment of its end no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fairway.domain.configuration.agent import Freeze

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEK = 7 * 24 * 60
_SPAN = re.compile(r"([A-Za-z]{3}) +(\d{1,2}):(\d{2}) *[-–] *([A-Za-z]{3}) +(\d{1,2}):(\d{2})\Z")
_WRITE_WEEKLY = "write e.g. Fri 16:00 - Mon 06:00; several with a comma between"
_WRITE_TIME = "write e.g. 2026-12-23T18:00:00+01:00, with its zone"


@dataclass(frozen=True, slots=True)
class FreezeMistake:
    """What is wrong with a freeze; `key` is where it stands: `from`, `until`, `weekly`, `timezone`, or empty."""

    key: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of a week from Monday 00:00; `end` may lie before `start`: over the week's end."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """One freeze, read. Either `start` and `until` (each may be open), or `weekly` in `zone`."""

    reason: str
    environments: tuple[str, ...] = ("*",)
    start: datetime | None = None
    until: datetime | None = None
    weekly: tuple[Span, ...] = ()
    zone: ZoneInfo | None = None

    def ends(self, now: datetime) -> datetime | None:
        """When the freeze that holds at `now` ends; None when there is none. Never ending is the end of time."""
        if self.weekly and self.zone is not None:
            found = [end for span in self.weekly if (end := _end_of(span, self.zone, now)) is not None]
            return max(found, default=None)
        begun = self.start is None or self.start <= now
        if not begun or (self.until is not None and self.until <= now):
            return None
        return self.until or datetime.max.replace(tzinfo=now.tzinfo)


@dataclass(frozen=True, slots=True)
class Frozen:
    """An environment is frozen: why, and until when."""

    reason: str
    until: datetime | None
    """None: no end is given."""


def frozen(windows: Iterable[Window], environment: str, now: datetime) -> Frozen | None:
    """The freeze that lasts longest of those that hold for an environment now."""
    found = [
        (ends, window.reason)
        for window in windows
        if any(fnmatchcase(environment, glob) for glob in window.environments)
        and (ends := window.ends(now)) is not None
    ]
    if not found:
        return None
    ends, reason = max(found)
    return Frozen(reason, None if ends.year == datetime.max.year else ends)


def read_freeze(freeze: Freeze) -> Window | tuple[FreezeMistake, ...]:
    """The window that somebody wrote, or everything that is wrong with it."""
    given = [key for key, value in (("from", freeze.start), ("until", freeze.until)) if value is not None]
    if bool(freeze.weekly) == bool(given):
        which = "both weekly and from or until" if given else "no time"
        return (FreezeMistake("", f"the freeze has {which}", "give from and until, or weekly"),)
    if freeze.weekly is not None:
        return _read_weekly(freeze, freeze.weekly)
    mistakes: list[FreezeMistake] = []
    start = _read_time(freeze.start, "from", mistakes)
    until = _read_time(freeze.until, "until", mistakes)
    if start is not None and until is not None and until <= start:
        mistakes.append(FreezeMistake("until", "the freeze ends before it begins", "change from or until"))
    return tuple(mistakes) or Window(freeze.reason, tuple(freeze.environments), start, until)


def _read_time(written: str | None, key: str, mistakes: list[FreezeMistake]) -> datetime | None:
    if written is None:
        return None
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        mistakes.append(FreezeMistake(key, f'"{written}" is no time', _WRITE_TIME))
        return None
    if time.tzinfo is None:
        mistakes.append(FreezeMistake(key, f'"{written}" says no zone', _WRITE_TIME))
        return None
    return time


def _read_weekly(freeze: Freeze, weekly: str) -> Window | tuple[FreezeMistake, ...]:
    mistakes: list[FreezeMistake] = []
    spans = [span for part in weekly.split(",") if (span := _read_span(part.strip(), mistakes)) is not None]
    try:
        zone = ZoneInfo(freeze.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f'there is no time zone "{freeze.timezone}"'
        mistakes.append(FreezeMistake("timezone", message, "write e.g. Europe/Oslo or UTC"))
    if mistakes:
        return tuple(mistakes)
    return Window(freeze.reason, tuple(freeze.environments), weekly=tuple(spans), zone=zone)


def _read_span(written: str, mistakes: list[FreezeMistake]) -> Span | None:
    found = _SPAN.match(written)
    if found is None:
        mistakes.append(FreezeMistake("weekly", f'"{written}" is no part of a week', _WRITE_WEEKLY))
        return None
    minutes = [_minute(*found.groups()[n : n + 3]) for n in (0, 3)]
    start, end = minutes
    if start is None or end is None:
        mistakes.append(FreezeMistake("weekly", f'"{written}" names no day and hour', _WRITE_WEEKLY))
        return None
    if start == end:
        mistakes.append(FreezeMistake("weekly", f'"{written}" begins where it ends', _WRITE_WEEKLY))
        return None
    return Span(start, end)


def _minute(day: str, hour: str, minute: str) -> int | None:
    days = [name.lower() for name in DAYS]
    if day.lower() not in days or int(minute) > 59 or int(hour) * 60 + int(minute) > 24 * 60:
        return None
    return (days.index(day.lower()) * 24 * 60 + int(hour) * 60 + int(minute)) % WEEK


def _end_of(span: Span, zone: ZoneInfo, now: datetime) -> datetime | None:
    local = now.astimezone(zone)
    at = local.weekday() * 24 * 60 + local.hour * 60 + local.minute
    inside = span.start <= at < span.end if span.start < span.end else at >= span.start or at < span.end
    if not inside:
        return None
    days, minutes = divmod((span.end - at) % WEEK + at % (24 * 60), 24 * 60)
    day = local.date() + timedelta(days=days)
    # The wall clock's time, also when the clock is changed in between.
    return datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone).astimezone(now.tzinfo)
