"""What can be asked of the ledger, and what comes back: newest first, in pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from fairway.domain.deployments.record import Story
from fairway.domain.deployments.status import State


@dataclass(frozen=True, slots=True)
class Query:
    """All conditions hold together; an empty one does not restrict."""

    environment: str = ""
    release: str = ""
    run_id: str = ""
    delivery_id: str = ""
    states: frozenset[State] = frozenset()
    since: datetime | None = None
    """Only what was accepted at or after this time."""
    before: str = ""
    """Only ids below this one: the `next` of the page before."""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `next` goes into `Query.before` for the following page; empty on the last."""

    stories: tuple[Story, ...]
    next: str = ""


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})\s*([smhdw])")


def read_since(text: str, now: datetime) -> datetime:
    """`30s`, `15m`, `2h`, `3d`, `1w` before `now`, or a date or time as in ISO 8601 (without offset: that of `now`).

    Raises `ValueError` for anything else.
    """
    if age := _AGE.fullmatch(text.strip()):
        try:
            return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
        except OverflowError:
            raise ValueError(f"so long ago that there are no years: {text}") from None
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
