"""Brings what was accepted onto the queue, in order: now, after a crash, and after the queue was away.

The rule not to break: a message is marked as published after the queue has it. A crash in between publishes it twice,
which is harmless: a deployd knows what it has done. Nothing is given up here for what is wrong with the queue itself,
like a login that somebody is just replacing: that is what deadlines are for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from fairway.domain.deployments.masking import mask
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.messages import NotTaken
from fairway.domain.errors import FairwayError
from fairway.services.engine.retrying import Backoff
from fairway.services.hookd.moving import Moving
from fairway.services.hookd.ports import RequestStore, Step
from fairway.services.hookd.pulse import Pulse
from fairway.services.queue.correspondence import Correspondence

_log = logging.getLogger(__name__)

BATCH = 100
LOOK_EVERY = 5.0
"""Seconds between looks for what another process left behind."""
GATHER = 0.01
"""Seconds in which more may come: one message at a time is dear for a database."""

Waiting = tuple[str, str, bytes]


class Publishing:
    """Somebody has to `run` it; `pulse` says that something was accepted. `on_trouble` is called when the queue does
    not take messages any more, and when it does again."""

    def __init__(
        self,
        store: RequestStore,
        correspondence: Correspondence,
        moving: Moving,
        *,
        now: Callable[[], datetime],
        backoff: Backoff,
        on_trouble: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._correspondence = correspondence
        self._moving = moving
        self._now = now
        self._backoff = backoff
        self._on_trouble = on_trouble
        self.pulse = Pulse()
        self.problem = ""
        """Why nothing can be published now."""

    async def run(self) -> None:
        """Until cancelled."""
        tries = 0
        while True:
            try:
                count = await self.publish()
                if self.problem:
                    self._on_trouble()
                tries, self.problem = 0, ""
            except FairwayError as error:
                tries += 1
                if not self.problem:
                    _log.warning("hookd.not_published", extra={"problem": error.message})
                    self._on_trouble()
                self.problem = error.message
                await self._backoff.pause(self._backoff.seconds(tries))
            else:
                if count < BATCH:
                    await self.pulse.wait(LOOK_EVERY)
                    await asyncio.sleep(GATHER)

    async def publish(self) -> int:
        """Publish the oldest that wait; how many those were. Raises why the queue can't be used now."""
        waiting = await self._store.unpublished(limit=BATCH)
        if waiting:
            await self._publish(waiting)
        return len(waiting)

    async def _publish(self, waiting: Sequence[Waiting]) -> None:
        try:
            await self._correspondence.send_sealed([(key, message) for _, key, message in waiting])
        except NotTaken as error:
            if len(waiting) > 1:
                # One that the queue never takes must not hold up the others.
                for one in waiting:
                    await self._publish([one])
                return
            await self._give_up(waiting[0], error)
            return
        await self._store.published([delivery_id for delivery_id, _, _ in waiting], self._now())
        self._moving.told()

    async def _give_up(self, waiting: Waiting, error: NotTaken) -> None:
        delivery_id = waiting[0]
        _log.error("hookd.queue_refused", extra={"delivery_id": delivery_id, "problem": error.message})
        why = f"the queue refused the request: {mask(error.message)}"
        await self._moving.step([Step(delivery_id, State.FAILURE, self._now(), why)])
