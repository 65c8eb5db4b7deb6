"""Ends deployments that nobody else will end: `domain.dispatch.deadlines` says which, and why."""

from __future__ import annotations

import logging
from datetime import datetime

from fairway.domain.deployments.status import State
from fairway.domain.dispatch.deadlines import Patience, overdue
from fairway.services.hookd.moving import Moving
from fairway.services.hookd.ports import RequestStore, Step

_log = logging.getLogger(__name__)


class GivingUp:
    def __init__(self, store: RequestStore, moving: Moving, patience: Patience) -> None:
        self._store = store
        self._moving = moving
        self._patience = patience

    async def enforce(self, now: datetime) -> int:
        """What is overdue fails; how many that were. Raises Transient. Only `Listening` calls it: see there."""
        steps: list[Step] = []
        for tracked in await self._store.unfinished(due=now - self._patience.grace):
            why = overdue(tracked, now, self._patience)
            if why is not None:
                extra = {"delivery_id": tracked.delivery_id, "cluster": tracked.cluster, "why": why}
                _log.warning("hookd.given_up", extra=extra)
                steps.append(Step(tracked.delivery_id, State.FAILURE, now, why))
        if steps:
            await self._moving.step(steps)
        return len(steps)
