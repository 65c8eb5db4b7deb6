"""Until when: a time as people write it, or a length of time from now."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo

from fairway.domain.errors import UserError

_PART = re.compile(r"([0-9]+)([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})\Z")
LONGEST = timedelta(days=3650)


def end_of(until: str | None, length: str | None, now: datetime, zone: tzinfo) -> datetime | None:
    """What `--until` and `--for` come to; None when neither is given. `zone` is that of times that name none.

    Raises `UserError` for what is no time, and for one that is over.
    """
    if until and length:
        raise UserError("--until and --for are both given", fix="give one of them")
    if length:
        return now + parse_length(length)
    if not until:
        return None
    end = parse_time(until, now, zone)
    if end <= now:
        raise UserError(f"{until} is over already", fix="give a time that is still to come")
    return end


def parse_length(text: str) -> timedelta:
    """`90m`, `2h`, `1d12h`."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UserError(f"{text!r} is no length of time", fix="write e.g. 90m, 2h or 1d12h")
    units = [unit for _, unit in parts]
    length = sum((timedelta(**{_UNITS[unit]: min(int(number), 10**6)}) for number, unit in parts), timedelta())
    if len(set(units)) < len(units) or not timedelta() < length <= LONGEST:
        raise UserError(f"{text!r} is no length of time", fix="write e.g. 90m, 2h or 1d12h")
    return length


def parse_time(text: str, now: datetime, zone: tzinfo) -> datetime:
    """`18:00` (the next one), `2026-11-22` (its beginning), `2026-11-22 08:00`, or RFC 3339 with its own zone."""
    if clock := _CLOCK.match(text):
        try:
            at = time(int(clock[1]), int(clock[2]))
        except ValueError as error:
            raise _no_time(text) from error
        today: date = now.astimezone(zone).date()
        end = datetime.combine(today, at, zone)
        return end if end > now else datetime.combine(today + timedelta(days=1), at, zone)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise _no_time(text) from error
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=zone)


def _no_time(text: str) -> UserError:
    return UserError(f"{text!r} is no time", fix="write e.g. 18:00, 2026-11-22 08:00 or 2026-11-22T08:00:00+01:00")
