"""How often is looked, whatever happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`jitter` is a share of each."""

    every: timedelta = timedelta(minutes=1)
    resync: timedelta = timedelta(minutes=10)
    jitter: float = 0.1

    def jittered(self, length: timedelta, chance: float) -> timedelta:
        """`chance` from 0 to 1."""
        return length * (1 + self.jitter * (2 * chance - 1))
