"""What ends a rest: a reason that somebody gives, or the time.

The rule not to break: reasons are coalesced, and none is lost: one that comes while nobody rests ends the next rest.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from fairway.services.agent.ports import Clock

SHORTEST = timedelta(milliseconds=1)


class Wake:
    """For one sleeper and any number of those who wake him."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._reasons: dict[str, None] = {}

    def __call__(self, reason: str = "") -> None:
        """There is a reason to look. Never waits."""
        self._reasons[reason] = None
        self._event.set()

    async def rest(self, clock: Clock, until: datetime) -> tuple[str, ...]:
        """Until somebody calls, or the time has come; the reasons that were given, none of them twice."""
        left = until - clock.now()
        if left > timedelta() and not self._event.is_set():
            called = asyncio.ensure_future(self._event.wait())
            late = asyncio.ensure_future(clock.sleep(max(left, SHORTEST)))
            try:
                await asyncio.wait({called, late}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                called.cancel()
                late.cancel()
        self._event.clear()
        reasons = tuple(reason for reason in self._reasons if reason)
        self._reasons.clear()
        return reasons
