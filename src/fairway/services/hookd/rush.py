"""While requests come in thick and fast, answering them goes before telling GitHub how others are doing.

GitHub gives up on a webhook after seconds, and nobody misses a status that comes a little later; what was told late
often need not be told at all, because something newer is known by then.

The rule not to break: what waits for calm waits a bounded time, however long the rush lasts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

MANY = 30
WITHIN = 0.5
"""So many requests within so many seconds are a rush."""
LONGEST = 5.0
"""Seconds that others stand back; then they work beside it until it is over."""
LOOK = 0.1

Pause = Callable[[float], Awaitable[object]]


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class Rush:
    """`time` in seconds that only ever go on, unlike those of a clock."""

    def __init__(self, time: Callable[[], float] = _loop_time, pause: Pause = asyncio.sleep) -> None:
        self._time = time
        self._pause = pause
        self._times: deque[float] = deque(maxlen=MANY)
        self._began: float | None = None

    def note(self) -> None:
        """A request was accepted."""
        self._times.append(self._time())

    async def calm(self) -> None:
        """Return when there is no rush, or when this one has been waited for long enough."""
        while self._is_on() and self._began is not None and self._time() - self._began < LONGEST:
            await self._pause(LOOK)

    def _is_on(self) -> bool:
        now = self._time()
        is_on = len(self._times) == MANY and now - self._times[0] <= WITHIN
        if not is_on:
            self._began = None
        elif self._began is None:
            self._began = now
        return is_on
