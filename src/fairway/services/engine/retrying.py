"""Trying again what failed for a reason that passes: the API server did not answer, another writer came in between.

The rule not to break: only such reasons; what will fail again is told at once. Whoever tries again looks again first.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from fairway.domain.errors import FairwayError, Terminal, Transient
from fairway.domain.kube_errors import Conflict

T = TypeVar("T")


def passes(error: BaseException | None) -> bool:
    """Whether trying again may help. Errors that only tell of another one are looked through to their cause."""
    while isinstance(error, Terminal) and not isinstance(error, Conflict) and error.__cause__ is not None:
        error = error.__cause__
    return isinstance(error, Transient | Conflict)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before each further try: doubling, bounded, and never two at the same moment."""

    first: float = 1.0
    """Seconds."""
    longest: float = 30.0
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    """From 0 to 1; half of each wait is left to it."""

    def seconds(self, tries: int) -> float:
        """The wait after so many failed tries, counted from 1."""
        return float(min(self.longest, self.first * 2 ** (tries - 1)) * (1 + self.jitter()) / 2)

    async def persist(
        self, work: Callable[[int, bool], Awaitable[T]], *, retries: int, say: Callable[[str], None]
    ) -> T:
        """Do `work(number, is_last)`, counted from 0, until it does not fail for a reason that passes.

        Raises what the last try raised. Cancelling ends the waiting too.
        """
        for number in range(retries):
            try:
                return await work(number, False)
            except FairwayError as error:
                if not passes(error):
                    raise
                seconds = self.seconds(number + 1)
                say(f"to try again in {seconds:.0f} s: {error.message}")
                await self.pause(seconds)
        return await work(retries, True)
