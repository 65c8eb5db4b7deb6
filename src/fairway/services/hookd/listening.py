"""Reads what the clusters say: reports of deployments, and that there is a deployd at all.

The rule not to break: a report is settled after its step is stored; one that comes again changes nothing. Only who has
read every report, and only here, may give a deployment up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from fairway.domain.deployments.masking import fit_to_keep
from fairway.domain.dispatch.statuses import Announcement, DeploymentStatus, ReportedState
from fairway.domain.errors import FairwayError, Transient
from fairway.services.engine.retrying import Backoff
from fairway.services.hookd.clusters import Clusters
from fairway.services.hookd.moving import Moving
from fairway.services.hookd.ports import Step
from fairway.services.queue.correspondence import Correspondence
from fairway.services.queue.ports import Received, Subscription, Topic

_log = logging.getLogger(__name__)

BATCH = 200
FETCH_SECONDS = 0.5
GATHER = 0.01
"""Seconds after some reports in which more may come: one at a time is dear for a database."""
ENFORCE_EVERY = timedelta(seconds=1)
_WITHIN_A_SECOND = timedelta(microseconds=999_999)
_SIGNS_OF_LIFE = frozenset({ReportedState.PENDING, ReportedState.IN_PROGRESS})

Enforce = Callable[[datetime], Awaitable[object]]
"""Gives up what is overdue at a time before which every report was read. Raises Transient."""


class Listening:
    """Somebody has to `run` it. `settle`: how long nobody is given up after the start, and after a trouble of the
    queue."""

    def __init__(
        self,
        correspondence: Correspondence,
        moving: Moving,
        clusters: Clusters,
        enforce: Enforce,
        *,
        group: str,
        now: Callable[[], datetime],
        backoff: Backoff,
        settle: timedelta,
    ) -> None:
        self._correspondence = correspondence
        self._moving = moving
        self._clusters = clusters
        self._enforce = enforce
        self._group = group
        self._now = now
        self._backoff = backoff
        self._settle = settle
        self._enforced_at: datetime | None = None
        # Nobody knows how the queue was before.
        self._trouble_at = now()
        self.lag = 0
        """Reports in the queue that were not read, when it was looked last."""
        self.problem = "has not read the queue yet"
        """Why reports can't be read now."""

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._for_ever(Topic.STATUSES, self.read))
            group.create_task(self._for_ever(Topic.ANNOUNCEMENTS, self.read_announcements))

    def troubled(self) -> None:
        """The queue did not answer just now: reports may be waiting elsewhere."""
        self._trouble_at = self._now()

    async def _for_ever(self, topic: Topic, read: Callable[[Subscription], Awaitable[None]]) -> None:
        tries = 0
        while True:
            try:
                async with self._correspondence.subscribe(topic, self._group) as subscription:
                    while True:
                        try:
                            await read(subscription)
                            tries = 0
                        except Transient as error:
                            tries += 1
                            await self._away(topic, error, tries)
            except FairwayError as error:
                tries += 1
                await self._away(topic, error, tries)

    async def _away(self, topic: Topic, error: FairwayError, tries: int) -> None:
        self.troubled()
        if tries == 1:
            _log.warning("hookd.not_read", extra={"topic": topic.value, "problem": error.message})
        if topic is Topic.STATUSES:
            self.problem = error.message
        await self._backoff.pause(self._backoff.seconds(tries))

    async def read(self, subscription: Subscription, *, within: float = FETCH_SECONDS) -> None:
        """What there is of reports; and, with all of them read, what is overdue. Raises Transient."""
        received = await subscription.fetch(BATCH, timeout=within)
        if received:
            await self._until_stored(lambda: self._take(received))
            await subscription.settle(received)
            await asyncio.sleep(GATHER)
        self.problem = ""
        await self._give_up_overdue(subscription)

    async def _take(self, received: Sequence[Received]) -> None:
        letters = [self._correspondence.open(one) for one in received]
        statuses = [letter for letter in letters if isinstance(letter, DeploymentStatus)]
        now = self._now()
        if statuses:
            await self._moving.step([_step(one, now) for one in statuses])

    async def _give_up_overdue(self, subscription: Subscription) -> None:
        now = self._now()
        if self._enforced_at is not None and now - self._enforced_at < ENFORCE_EVERY:
            return
        self._enforced_at = now
        # Asked after the clock was read: what is not there now was not reported before.
        self.lag = await subscription.lag()
        if self.lag == 0 and now - self._trouble_at >= self._settle:
            await self._until_stored(lambda: self._enforce(now))

    async def read_announcements(self, subscription: Subscription) -> None:
        """Who is there. Raises Transient."""
        received = await subscription.fetch(BATCH, timeout=FETCH_SECONDS)
        newest: dict[tuple[str, str], Announcement] = {}
        for one in received:
            letter = self._correspondence.open(one)
            if isinstance(letter, Announcement):
                newest[letter.cluster, letter.instance] = letter
        for letter in newest.values():
            await self._until_stored(lambda letter=letter: self._clusters.heard(letter))  # type: ignore[misc]
        if received:
            await subscription.settle(received)

    async def _until_stored(self, work: Callable[[], Awaitable[object]]) -> None:
        """What was fetched is not fetched again: it is held until the store takes it."""
        tries = 0
        while True:
            try:
                await work()
                return
            except Transient as error:
                tries += 1
                if tries == 3:
                    _log.warning("hookd.not_stored", extra={"problem": error.message})
                    self.problem = error.message
                await self._backoff.pause(self._backoff.seconds(tries) if tries > 1 else 0)


def _step(status: DeploymentStatus, now: datetime) -> Step:
    """Clocks of clusters may run ahead; and reports have whole seconds, of which the last moment is meant: so none is
    before what led to it in the same second."""
    text = f"{status.description}\n{status.detail}" if status.detail else status.description
    heard_at = now if status.state in _SIGNS_OF_LIFE else None
    at = min(status.at.replace(microsecond=0) + _WITHIN_A_SECOND, now)
    return Step(status.delivery_id, status.state.as_state, at, fit_to_keep(text), status.cluster, heard_at)
