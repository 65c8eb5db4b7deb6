"""What a lease says, what a candidate does about it, and for how long a leader may believe that he leads.

Nobody reads another one's clock: how long a lease lasts is measured from when a candidate *saw* it change, by his own
clock, and how long the leader believes from when he *began* to ask for it, by his. The leader's belief is shorter than
the lease, so it ends before anybody else may take over, however late messages arrive.
Source: client-go's tools/leaderelection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Terms:
    """`belief` is client-go's renew deadline. Raises ValueError unless retry < belief < duration."""

    duration: timedelta = timedelta(seconds=15)
    belief: timedelta = timedelta(seconds=10)
    retry: timedelta = timedelta(seconds=2)

    def __post_init__(self) -> None:
        if not timedelta() < self.retry < self.belief < self.duration:
            raise ValueError("a lease must last longer than the belief in it, and that longer than a retry")


@dataclass(frozen=True, slots=True)
class Lease:
    """`holder` empty: given back. The times are for people only."""

    holder: str
    duration: timedelta
    acquired: datetime | None = None
    renewed: datetime | None = None
    transitions: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """A lease as it was seen: which version of it, and since when by one's own clock, in seconds."""

    lease: Lease | None = None
    version: str = ""
    since: float = 0.0


class Step(StrEnum):
    CREATE = "create"
    RENEW = "renew"
    TAKE = "take"
    WAIT = "wait"


def seen(before: Sight, lease: Lease | None, version: str, now: float) -> Sight:
    """The newest sight: the time begins anew only when the lease changed."""
    if lease is not None and before.lease is not None and version == before.version:
        return before
    return Sight(lease, version, now)


def decide(sight: Sight, me: str, now: float) -> Step:
    """What a candidate does who sees this now. Whatever he writes must fit the version that he saw."""
    lease = sight.lease
    if lease is None:
        return Step.CREATE
    if lease.holder == me:
        return Step.RENEW
    if not lease.holder or sight.since + lease.duration.total_seconds() < now:
        return Step.TAKE
    return Step.WAIT


def mine(sight: Sight, me: str, terms: Terms, at: datetime) -> Lease:
    """What to write in order to hold it."""
    lease = sight.lease
    if lease is not None and lease.holder == me:
        return replace(lease, duration=terms.duration, renewed=at)
    transitions = lease.transitions + 1 if lease is not None else 0
    return Lease(me, terms.duration, acquired=at, renewed=at, transitions=transitions)


def given_back(lease: Lease, at: datetime) -> Lease:
    """What to write in order to let the next one take it at once."""
    return replace(lease, holder="", duration=timedelta(seconds=1), renewed=at)


def believes(asked_at: float | None, terms: Terms, now: float) -> bool:
    """Whether somebody whose last successful request began at `asked_at` may still act as the leader."""
    return asked_at is not None and now < asked_at + terms.belief.total_seconds()
