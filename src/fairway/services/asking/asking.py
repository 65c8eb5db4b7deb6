"""Asks until there is an answer, then follows the statuses to the final one, all within one time.

The rule not to break: an ending says what is known. A deployment that was asked for and can't be followed any more has
no outcome, and is never told as one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from fairway.domain.dispatch.endings import Ending, outcome
from fairway.domain.dispatch.wanted import Receipt, Told, Wanted
from fairway.domain.errors import FairwayError, Transient
from fairway.domain.notifications.delivery import TryLater
from fairway.services.asking.ports import Addressee

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
OFTEN, SELDOM = 1.0, 4.0
"""Seconds between looks: at first, and when it takes long."""
LONG = 30.0


_Answer = TypeVar("_Answer")


class Listener(Protocol):
    """Is told what happens."""

    def asked(self, receipt: Receipt) -> None: ...

    def status(self, told: Told) -> None: ...

    def waiting(self, state: str, seconds: float) -> None:
        """At every look that found no outcome; the state is empty while there is none."""
        ...

    def trouble(self, error: FairwayError, again_in: float) -> None:
        """Something did not answer, and is asked again."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for everything together; whether it is tried again, and whether it is waited for."""

    timeout: float
    retry: bool = True
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """`reason` is set when there is no final status."""

    ending: Ending
    receipt: Receipt | None = None
    last: Told | None = None
    reason: FairwayError | None = None


@dataclass
class Asking:
    addressee: Addressee
    listener: Listener
    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], float]
    """Seconds that only go forward."""
    last_look: float = 3.0
    """Seconds that an answer has at least, also when the time is up."""

    async def run(self, wanted: Wanted, limits: Limits) -> Ended:
        until = self.clock() + limits.timeout
        try:
            receipt = await self._ask(wanted, limits, until)
        except Transient as error:
            return Ended(Ending.UNAVAILABLE, reason=error)
        except FairwayError as error:
            return Ended(Ending.NO_DEPLOYMENT, reason=error)
        self.listener.asked(receipt)
        return await self._follow(receipt, until) if limits.wait else Ended(Ending.SUCCESS, receipt)

    async def _ask(self, wanted: Wanted, limits: Limits, until: float) -> Receipt:
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._in_time(self.addressee.ask(wanted), until)
            except Transient as error:
                wished = error.after / timedelta(seconds=1) if isinstance(error, TryLater) else 0.0
                rest = max(wished, pause * (0.5 + random.random() / 2))
                if not limits.retry or self.clock() + rest >= until:
                    raise
                self.listener.trouble(error, rest)
            await self.sleep(rest)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _in_time(self, answer: Awaitable[_Answer], until: float) -> _Answer:
        try:
            async with asyncio.timeout(max(until - self.clock(), self.last_look)):
                return await answer
        except TimeoutError as error:
            raise Transient("there was no answer in time", fix="give it more: --timeout") from error

    async def _follow(self, receipt: Receipt, until: float) -> Ended:
        started = self.clock()
        seen: list[Told] = []
        in_trouble = False
        while True:
            rest = OFTEN if self.clock() - started < LONG else SELDOM
            try:
                known = await self._in_time(self.addressee.statuses(receipt), until)
                in_trouble = False
            except Transient as error:
                known = seen
                rest = max(rest, error.after / timedelta(seconds=1)) if isinstance(error, TryLater) else SELDOM
                if not in_trouble:
                    self.listener.trouble(error, rest)
                in_trouble = True
            except FairwayError as error:
                return Ended(Ending.UNAVAILABLE, receipt, seen[-1] if seen else None, error)
            final = outcome(known)
            for told in known[len(seen) :]:
                self.listener.status(told)
                if final and told is final[1]:
                    return Ended(final[0], receipt, told)
            seen = known
            now = self.clock()
            if now >= until:
                return Ended(Ending.TIMEOUT, receipt, seen[-1] if seen else None)
            self.listener.waiting(seen[-1].state if seen else "", now - started)
            await self.sleep(min(rest, max(until - now, 0.01)))
