"""hookd as a whole: takes requests, brings them onto the queue, hears what became of them, and tells GitHub.

The rule not to break: the parts know of each other only what the store says; any of them may die at any time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fairway.domain.deployments.ids import encode
from fairway.domain.dispatch.deadlines import Patience
from fairway.domain.errors import FairwayError
from fairway.services.access.ports import TeamAccess
from fairway.services.engine.retrying import Backoff
from fairway.services.hookd.accepting import Accepting
from fairway.services.hookd.clusters import Clusters
from fairway.services.hookd.giving_up import GivingUp
from fairway.services.hookd.listening import Listening
from fairway.services.hookd.metrics import HookdMetrics, NoMetrics
from fairway.services.hookd.moving import Moving
from fairway.services.hookd.options import HookdOptions
from fairway.services.hookd.ports import DeploymentStatuses, RequestStore
from fairway.services.hookd.posting import Posting
from fairway.services.hookd.publishing import Publishing
from fairway.services.hookd.rush import Rush
from fairway.services.hookd.telling import Telling
from fairway.services.notifying.ports import Tell, tell_nobody
from fairway.services.queue.correspondence import Correspondence

_log = logging.getLogger(__name__)

COUNT_EVERY = 10.0
TIDY_EVERY = 360
"""Of those counts."""


class Hookd:
    """`accepting` answers whoever asks, also while it is not run; `run` it until cancelled for the rest."""

    def __init__(
        self,
        options: HookdOptions,
        store: RequestStore,
        correspondence: Correspondence,
        access: TeamAccess,
        statuses: DeploymentStatuses,
        *,
        now: Callable[[], datetime],
        random: Callable[[int], int],
        tell: Tell = tell_nobody,
        metrics: HookdMetrics = NoMetrics(),
        backoff: Backoff = Backoff(first=0.5),
    ) -> None:
        self.options = options
        self.store = store
        self._now = now
        self._metrics = metrics
        self._counts: Mapping[str, int] = {}
        self._store_problem = ""
        self.clusters = Clusters(store, options.clusters, now)

        self._rush = Rush()

        def log_url(delivery_id: str) -> str:
            return self.accepting.log_url(delivery_id)

        def new_id() -> str:
            return encode(int(now().timestamp() * 1000), random(80))

        self.posting = Posting(
            store,
            statuses,
            now=now,
            backoff=Backoff(backoff.first, 300.0, backoff.pause, backoff.jitter),
            log_url=log_url,
            concurrency=options.post_concurrency,
            within=options.post_within,
            answer=options.post_answer,
            calm=self._rush.calm,
            metrics=metrics,
        )
        telling = Telling(tell, now=now, new_id=new_id, log_url=log_url)
        moving = Moving(store, telling, told=self.posting.pulse.beat, metrics=metrics)
        giving_up = GivingUp(store, moving, Patience(options.grace, options.finish_within))
        self.listening = Listening(
            correspondence,
            moving,
            self.clusters,
            giving_up.enforce,
            group=options.reading_group,
            now=now,
            backoff=backoff,
            settle=options.settle,
        )
        self.publishing = Publishing(
            store, correspondence, moving, now=now, backoff=backoff, on_trouble=self.listening.troubled
        )
        self.accepting = Accepting(
            store,
            secrets=options.webhook_secrets,
            clusters=self.clusters,
            access=access,
            seal=correspondence.seal_request,
            now=now,
            random=random,
            deadline=options.deadline,
            base_url=options.base_url,
            wake=self._wake,
            metrics=metrics,
        )

    async def run(self) -> None:
        """Until cancelled. Nothing outside that is away ends it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.publishing.run(), name="hookd publishing")
            group.create_task(self.listening.run(), name="hookd listening")
            group.create_task(self._count(), name="hookd counting")
            if self.options.github_enabled:
                group.create_task(self.posting.run(), name="hookd posting")

    def ready(self) -> Mapping[str, str]:
        """What is wrong now, by name; nothing when requests go out and reports come in. That GitHub is away is no
        reason not to take requests."""
        problems = {"store": self._store_problem, "queue": self.publishing.problem or self.listening.problem}
        return {name: why for name, why in problems.items() if why}

    def status(self) -> dict[str, Any]:
        """How it is doing, as plain values for a page."""
        return {
            "github": self.options.github_enabled,
            "problems": dict(self.ready()) | ({"github": self.posting.problem} if self.posting.problem else {}),
            "unfinished": self._counts.get("unfinished", 0),
            "unpublished": self._counts.get("unpublished", 0),
            "toPost": self._counts.get("to_post", 0) if self.options.github_enabled else 0,
            "lag": self.listening.lag,
        }

    def _wake(self) -> None:
        self._rush.note()
        self.publishing.pulse.beat()
        self.posting.pulse.beat()

    async def _count(self) -> None:
        number = 0
        while True:
            try:
                self._counts = await self.store.counts()
                self._metrics.in_flight(self._counts["unfinished"])
                if number % TIDY_EVERY == 0:
                    await self.clusters.tidy()
                self._store_problem = ""
            except FairwayError as error:
                self._store_problem = error.message
                _log.warning("hookd.store_away", extra={"problem": error.message})
            number += 1
            await asyncio.sleep(COUNT_EVERY)
