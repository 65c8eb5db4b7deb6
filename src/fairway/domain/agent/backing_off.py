"""When something that failed is tried again: doubling, bounded, and forgotten when there is something new to try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST = timedelta(seconds=30)
LONGEST = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Failing:
    """Something that failed `tries` times in a row; not before `again` is it tried anew."""

    tries: int
    again: datetime
    why: str = ""

    def is_due(self, now: datetime) -> bool:
        return self.again <= now


def after_failure(
    before: Failing | None,
    now: datetime,
    jitter: float,
    *,
    why: str = "",
    first: timedelta = FIRST,
    longest: timedelta = LONGEST,
) -> Failing:
    """`jitter` from 0 to 1; up to a quarter of the wait is left to it, so that many do not come back at once."""
    tries = before.tries + 1 if before else 1
    wait = min(longest, first * 2 ** min(tries - 1, 20))
    return Failing(tries, now + wait * (1 + jitter / 4), why)
