"""Work that somebody starts and does not wait for: kept until it ends, and never silently lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from fairway.domain.errors import FairwayError

log = logging.getLogger(__name__)


class Aside:
    """`async with`; what still runs at the end is cancelled."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Aside:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def __call__(self, work: Coroutine[Any, Any, object]) -> None:
        """Begin it now."""
        task = asyncio.get_running_loop().create_task(work, name=getattr(work, "__qualname__", "aside"))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, FairwayError):
            log.warning("aside.failed", extra={"work": task.get_name(), "why": str(error)})
        elif error is not None:
            log.error("aside.bug", extra={"work": task.get_name()}, exc_info=error)
