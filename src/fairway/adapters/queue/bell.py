"""Rung when something was published in this process, so that its readers need not wait for their next look."""

from __future__ import annotations

import asyncio
import threading
import weakref
from contextlib import suppress

_known: weakref.WeakValueDictionary[str, Bell] = weakref.WeakValueDictionary()
_knowing = threading.Lock()


class Bell:
    """Any thread may ring, readers of any event loop hear it."""

    def __init__(self) -> None:
        self.rung = 0
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()

    def ring(self) -> None:
        with self._lock:
            self.rung += 1
            waiting = list(self._waiting)
        for loop, heard in waiting:
            # A loop that was closed has nobody who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(heard.set)

    async def wait(self, since: int, timeout: float) -> None:
        """Until it was rung more often than `since`, which the caller noted before he looked; or the time is over."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            if self.rung != since:
                return
            self._waiting.add(waiter)
        try:
            # Not wait_for: it forgets a cancellation that comes together with the ringing.
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await waiter[1].wait()
        finally:
            with self._lock:
                self._waiting.discard(waiter)


def bell_of(place: str) -> Bell:
    """The one of this process for a place, e.g. a database."""
    with _knowing:
        return _known.setdefault(place, Bell())
