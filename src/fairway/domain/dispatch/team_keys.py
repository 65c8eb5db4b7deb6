"""The keys with which teams sign requests: which are good, and what a rotation leaves.

The rule not to break: a new key never shortens itself, and a rotation never lengthens the life of an old one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fairway.domain.deployments.ids import encode, time_of

KEY_BYTES = 32
RANDOM_BITS = 80
"""Of an id."""
MOST_KEYS = 5
"""Good at once for one team; a request is compared with each of them."""


@dataclass(frozen=True, slots=True)
class TeamKey:
    """`team` is a slug in lower case. Good until `until`, or for as long as nobody ends it."""

    id: str
    team: str
    made_at: datetime
    key: bytes = field(repr=False)
    until: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class KeysOfTeam:
    """What may be shown of a team's keys: how many are good, when the newest was made, when the last old one ends."""

    team: str
    keys: int
    newest_at: datetime
    old_until: datetime | None = None


def slug(team: str) -> str:
    """Teams are compared without regard to case, as GitHub does."""
    return team.strip().lower()


def next_id(known: Iterable[TeamKey], now: datetime, random: int) -> str:
    """Behind those of the same team, also where clocks go back: the newest key is found by its id."""
    newest = max((one.id for one in known), default="")
    id_ = encode(_milliseconds(now), random)
    return id_ if id_ > newest else encode(_milliseconds(time_of(newest)) + 1, random)


def good_keys(keys: Iterable[TeamKey], now: datetime) -> list[TeamKey]:
    """Newest first, at most `MOST_KEYS`."""
    good = [one for one in keys if one.is_good(now)]
    return sorted(good, key=lambda one: one.id, reverse=True)[:MOST_KEYS]


def rotated(keys: Iterable[TeamKey], new: TeamKey, keep_old_for: timedelta) -> list[TeamKey]:
    """Every key that is good afterwards, newest first; the former ones end after `keep_old_for`, or sooner."""
    last = new.made_at + keep_old_for
    old = [replace(one, until=min(one.until, last) if one.until else last) for one in good_keys(keys, new.made_at)]
    return good_keys([*old, new], new.made_at)


def told(keys: Iterable[TeamKey], now: datetime) -> list[KeysOfTeam]:
    """By team; teams without a good key are left out."""
    teams: dict[str, list[TeamKey]] = {}
    for one in keys:
        teams.setdefault(one.team, []).append(one)
    return [_told(team, good) for team, all_of_it in sorted(teams.items()) if (good := good_keys(all_of_it, now))]


def _told(team: str, good: list[TeamKey]) -> KeysOfTeam:
    ends = [one.until for one in good if one.until]
    return KeysOfTeam(team, len(good), good[0].made_at, max(ends, default=None))


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
