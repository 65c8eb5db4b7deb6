"""Wakes a loop: at once when there is something to do, and every so often in case it was not told."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Pulse:
    def __init__(self) -> None:
        self._event = asyncio.Event()

    def beat(self) -> None:
        """There is something to do. From the loop's own thread."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Until somebody beats, or so long."""
        # Not wait_for: it forgets a cancellation that comes together with the beat.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()
