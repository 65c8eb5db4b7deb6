"""Tries again what a busy server refuses: at once after a lost race, with a growing pause after anything else.

The rule not to break: the number of attempts is bounded, and the last refusal is what is told.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from fairway.domain.errors import FairwayError, Terminal, Transient
from fairway.domain.writing.pushing import PushAnswer, Pushed

ATTEMPTS = 10
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Attempts:
    """`sleep` and `chance` (0 to 1) are given by tests that have no time."""

    most: int = ATTEMPTS
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    async def until_pushed(
        self, once: Callable[[int], Awaitable[tuple[PushAnswer | None, Answer]]], where: str
    ) -> Answer:
        """`once` (given the number of the attempt) says what the server said, None when there was nothing to push.

        Raises Transient when the server never answered, Terminal when it never took it, and what `once` raises.
        """
        last: FairwayError = Transient(f"{where} was not tried")
        for number in range(1, self.most + 1):
            try:
                answer, result = await once(number)
            except Transient as error:
                last = error
                await self._pause(number)
                continue
            if answer is None or answer.result is Pushed.DONE:
                return result
            last = _refusal(answer, where, number)
            # The first race that is lost is tried again at once: whoever won is done.
            if answer.result is Pushed.DECLINED or number > 1:
                await self._pause(number)
        raise last

    async def _pause(self, number: int) -> None:
        if number < self.most:
            longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (number - 1))
            await self.sleep(longest * (0.5 + self.chance() / 2))


def _refusal(answer: PushAnswer, where: str, number: int) -> FairwayError:
    times = f"{number} time{'' if number == 1 else 's'}"
    if answer.result is Pushed.BEHIND:
        return Transient(f"others pushed to {where} {times} while this was written", fix="it is tried again later")
    said = f": {answer.said}" if answer.said else ""
    return Terminal(f"the server refused the push to {where} {times}{said}", fix="look into the server's hooks")
