"""Reports on their way to hookd: in order, together where several wait, and kept while the queue is away.

The rule not to break: reports leave in the order in which they were given; none is dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from fairway.domain.dispatch.statuses import DeploymentStatus
from fairway.domain.errors import FairwayError
from fairway.services.engine.retrying import Backoff

BATCH = 100

log = logging.getLogger(__name__)


class Reports:
    """`send` stores reports in the queue. Somebody has to `run`."""

    def __init__(
        self,
        send: Callable[[Sequence[DeploymentStatus]], Awaitable[None]],
        backoff: Backoff,
        on_waiting: Callable[[int], None] = lambda waiting: None,
    ) -> None:
        self._send = send
        self._backoff = backoff
        self._on_waiting = on_waiting
        self._waiting: deque[tuple[DeploymentStatus, asyncio.Future[None]]] = deque()
        self._arrived = asyncio.Event()
        self.problem = ""
        """Why reports can't be sent now."""

    def say(self, status: DeploymentStatus) -> asyncio.Future[None]:
        """Send it in its turn; the future is done when the queue has it."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((status, told))
        self._on_waiting(len(self._waiting))
        self._arrived.set()
        return told

    async def run(self) -> None:
        """Until cancelled."""
        tries = 0
        while True:
            await self._arrived.wait()
            batch = [self._waiting[n] for n in range(min(BATCH, len(self._waiting)))]
            try:
                await self._send([status for status, _ in batch])
            except FairwayError as error:
                tries += 1
                if not self.problem:
                    log.warning("deployd.queue_away", extra={"why": error.message, "reports": len(self._waiting)})
                self.problem = error.message
                await self._backoff.pause(self._backoff.seconds(tries))
                continue
            tries, self.problem = 0, ""
            for _, told in batch:
                self._waiting.popleft()
                if not told.done():
                    told.set_result(None)
            self._on_waiting(len(self._waiting))
            if not self._waiting:
                self._arrived.clear()
