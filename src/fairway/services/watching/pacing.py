"""How often one release may be named: at once, then ever more rarely while somebody keeps changing it.

The rule not to break: a pause only delays. What drifted meanwhile is named when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
QUIET = 600.0
"""Seconds without a word after which a release begins anew."""


@dataclass(slots=True)
class Pace:
    """Times in seconds of one clock that only goes forward."""

    last: float | None = None
    pause: float = 0.0

    def due(self, now: float) -> float:
        """When it may be named next; not after `now`: at once."""
        if self.last is None or now - self.last >= QUIET:
            return now
        return self.last + self.pause

    def named(self, now: float) -> None:
        fresh = self.last is None or now - self.last >= QUIET
        self.pause = FIRST_PAUSE if fresh else min(LONGEST_PAUSE, self.pause * 2)
        self.last = now
