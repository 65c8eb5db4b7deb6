"""A process that is to end does so within a bound.

The rule not to break: a thread or a connection that hangs may cost the time that is left, never more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

LONGEST_END = 25.0
"""Seconds; Kubernetes sends SIGKILL after 30 by default."""
FORCED = 1


def end_by_force() -> None:
    log.error("process.forced", extra={"seconds": LONGEST_END})
    os._exit(FORCED)


class Bound:
    """The time that is left counts from when `watch` is cancelled, and goes on after the event loop."""

    def __init__(self, seconds: float = LONGEST_END, force: Callable[[], object] = end_by_force) -> None:
        self._timer = threading.Timer(seconds, force)
        self._timer.daemon = True

    async def watch(self) -> None:
        """Beside everything else that the process does, so that it is cancelled together with it."""
        try:
            await asyncio.Event().wait()
        finally:
            self._timer.start()

    def lift(self) -> None:
        """It did end, and something else goes on in this process."""
        self._timer.cancel()
