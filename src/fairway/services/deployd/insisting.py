"""Trying again while the other side is away, but not for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from fairway.domain.errors import FairwayError, Transient
from fairway.services.engine.retrying import Backoff, passes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Insisting:
    """`backoff` says how long to wait between tries, `now` whether there is time for another."""

    now: Callable[[], datetime]
    backoff: Backoff = field(default_factory=Backoff)

    async def until(self, end: datetime, work: Callable[[], Awaitable[T]]) -> T:
        """Raises what the last try raised that there was time for; what does not pass by itself is raised at once."""
        tries = 0
        while True:
            try:
                return await work()
            except FairwayError as error:
                if not passes(error):
                    raise
                tries += 1
                seconds = self.backoff.seconds(tries)
                if self.now() + timedelta(seconds=seconds) >= end:
                    raise
                await self.backoff.pause(seconds)

    async def for_ever(self, work: Callable[[], Awaitable[T]], told: Callable[[Transient], None]) -> T:
        """Until it succeeds; `told` of the first failure. What is not Transient is raised."""
        tries = 0
        while True:
            try:
                return await work()
            except Transient as error:
                tries += 1
                if tries == 1:
                    told(error)
                await self.backoff.pause(self.backoff.seconds(tries))
