"""A part of a process: opened, run, and opened again when what it needs was away.

The rule not to break: what is away for a while ends nothing and is told once; what somebody has to set right, and what
nobody foresaw, ends the process and is told as it is.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

from fairway.domain.errors import FairwayError, Transient

log = logging.getLogger(__name__)

Opened = TypeVar("Opened")
Sleep = Callable[[float], Awaitable[None]]

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0
"""Seconds between attempts to open a part again; doubling."""
LONG_ENOUGH = 60.0
"""Seconds after which a part that broke off counts as one that had worked."""


class EndedByItself(RuntimeError):
    """A part that should run for as long as the process came to its end."""


class Part(Generic[Opened]):
    """`name` is for logs and for /readyz. `run` gets what was opened, and should not return."""

    def __init__(
        self,
        name: str,
        opened: Callable[[], AbstractAsyncContextManager[Opened]],
        run: Callable[[Opened], Awaitable[object]],
        ready: Callable[[Opened], Mapping[str, str]],
        *,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.open = opened
        self._run = run
        self._ready = ready
        self._sleep = sleep
        self._chance = chance
        self._why = "is starting"
        self.opened: Opened | None = None
        """While it is open."""

    def ready(self) -> Mapping[str, str]:
        """What is wrong with it, by what was looked at; while it is not open, under its own name."""
        return {self.name: self._why} if self.opened is None else self._ready(self.opened)

    async def run(self) -> None:
        """Until cancelled. Raises what is not Transient."""
        wait = FIRST_WAIT
        told = False
        loop = asyncio.get_running_loop()
        while True:
            began = 0.0
            try:
                async with self.open() as opened:
                    began = loop.time()
                    self.opened = opened
                    if told:
                        log.info("part.back", extra={"part": self.name})
                        told = False
                    await self._run(opened)
                _only_when_cancelled(self.name)
            except (Transient, BaseExceptionGroup) as error:
                away = _away(error)
                self._why = f"{away.message}; it is tried again"
                if not told:
                    more = {"fix": away.fix} if away.fix else {}
                    log.warning("part.away", extra={"part": self.name, "why": str(away), **more})
                    told = True
            finally:
                self.opened = None
            if began and loop.time() - began > LONG_ENOUGH:
                wait = FIRST_WAIT
            await self._sleep(wait * (0.5 + self._chance()))
            wait = min(wait * 2, LONGEST_WAIT)


def _only_when_cancelled(name: str) -> None:
    """Who was told to end may return rather than let the cancellation through."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    raise EndedByItself(f"{name} ended by itself")


def _away(error: BaseException) -> FairwayError:
    """The first of nothing but Transient ones. Raises the error itself when there is another among them."""
    if isinstance(error, Transient):
        return error
    if isinstance(error, BaseExceptionGroup) and error.split(Transient)[1] is None:
        return _away(error.exceptions[0])
    raise error
