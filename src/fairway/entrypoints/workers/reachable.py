"""Whether something outside answers, looked at every so often, for /readyz.

The rule not to break: it only looks; whoever uses the thing finds out by himself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from fairway.domain.errors import FairwayError

log = logging.getLogger(__name__)

EVERY = 10.0
LONGEST = 10.0
"""Seconds between two looks, and for one."""


class Reachable:
    """`run` it beside the rest. `look` raises FairwayError when it does not answer."""

    def __init__(
        self,
        what: str,
        look: Callable[[], Awaitable[object]],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._what = what
        self._look = look
        self._sleep = sleep
        self._why = "was not looked at yet"

    def ready(self) -> Mapping[str, str]:
        return {self._what: self._why}

    async def run(self) -> None:
        was_there: bool | None = None
        while True:
            self._why = await self._looked()
            is_there = not self._why
            if is_there is not was_there:
                if is_there:
                    log.info("reachable.answers", extra={"what": self._what})
                else:
                    log.warning("reachable.away", extra={"what": self._what, "why": self._why})
            was_there = is_there
            await self._sleep(EVERY)

    async def _looked(self) -> str:
        try:
            async with asyncio.timeout(LONGEST):
                await self._look()
        except TimeoutError:
            return f"no answer within {LONGEST:.0f} s"
        except FairwayError as error:
            return str(error)
        return ""
