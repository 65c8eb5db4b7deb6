"""Takes deployments a step further, and lets everybody know who wants to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from fairway.domain.deployments.status import State
from fairway.services.hookd.metrics import HookdMetrics, NoMetrics
from fairway.services.hookd.ports import RequestStore, Step, Stepped
from fairway.services.hookd.telling import Telling

_log = logging.getLogger(__name__)


class Moving:
    """`told` is called when there may be something to tell GitHub."""

    def __init__(
        self,
        store: RequestStore,
        telling: Telling,
        *,
        told: Callable[[], None] = lambda: None,
        metrics: HookdMetrics = NoMetrics(),
    ) -> None:
        self._store = store
        self._telling = telling
        self.told = told
        self._metrics = metrics

    async def step(self, steps: Sequence[Step]) -> list[Stepped]:
        """Write steps; those that counted are told. Raises Transient, and then nothing was written."""
        stepped = await self._store.step(steps)
        for one in stepped:
            for entry in one.counted:
                self._note(one, entry.state, entry.at)
        if stepped:
            self.told()
        return stepped

    def _note(self, stepped: Stepped, state: State, at: datetime) -> None:
        tracked = stepped.tracked
        _log.info(
            "hookd.stepped",
            extra={
                "delivery_id": tracked.delivery_id,
                "deployment": tracked.story.id,
                "cluster": tracked.cluster,
                "team": tracked.team,
                "state": state.value,
            },
        )
        if state is State.SUCCESS:
            self._metrics.lead_time(max(at - tracked.story.deployment.at, at - at))
        self._telling.stepped(tracked, state)
