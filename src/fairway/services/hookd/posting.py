"""Tells GitHub what became of deployments: the log says what, a claim says who does, and `told` how far it got.

The rule not to break: exactly one outcome reaches GitHub. Whoever can't know whether a former try arrived looks first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from fairway.domain.deployments.masking import mask
from fairway.domain.deployments.record import StatusEntry
from fairway.domain.dispatch.posting import next_to_tell
from fairway.domain.dispatch.statuses import cut_description
from fairway.domain.errors import FairwayError, Terminal, Transient
from fairway.domain.notifications.delivery import TryLater
from fairway.services.engine.retrying import Backoff
from fairway.services.hookd.metrics import HookdMetrics, NoMetrics
from fairway.services.hookd.ports import DeploymentStatuses, RequestStore, StatusPost, ToPost, Tracked
from fairway.services.hookd.pulse import Pulse

_log = logging.getLogger(__name__)

NOTE = timedelta(seconds=10)
"""Time to note what GitHub answered."""
LOOK_EVERY = 2.0
STOP_WITHIN = 5.0
"""Seconds for what is under way at the end."""
REFUSED_TRIES = 8
"""How often something is tried that GitHub refuses: rights and installations come a little late at times."""


async def _at_once() -> None:
    return


class Posting:
    """Somebody has to `run` it; `pulse` says that there may be something to tell.

    `answer`: how long GitHub has for all calls of one try; for a good deal longer nobody else tells it, then whoever
    claimed it is taken for dead. `within`: after which a status that GitHub does not take is given up. `calm` is
    waited for before more is begun.
    """

    def __init__(
        self,
        store: RequestStore,
        statuses: DeploymentStatuses,
        *,
        now: Callable[[], datetime],
        backoff: Backoff,
        log_url: Callable[[str], str] = lambda delivery_id: "",
        concurrency: int = 8,
        within: timedelta = timedelta(hours=24),
        answer: timedelta = timedelta(seconds=25),
        calm: Callable[[], Awaitable[None]] = _at_once,
        metrics: HookdMetrics = NoMetrics(),
    ) -> None:
        self._store = store
        self._statuses = statuses
        self._now = now
        self._backoff = backoff
        self._log_url = log_url
        self._concurrency = concurrency
        self._within = within
        self._answer = answer
        self._claim = 2 * answer + NOTE
        self._calm = calm
        self._metrics = metrics
        self._under_way: set[asyncio.Task[None]] = set()
        self.pulse = Pulse()
        self.problem = ""
        """Why GitHub could not be told the last time."""

    async def run(self) -> None:
        """Until cancelled. What can't be ended then is claimed by the next process, which looks before it tells."""
        tries = 0
        try:
            while True:
                await self._calm()
                try:
                    found = await self._begin()
                    tries = 0
                except FairwayError as error:
                    tries += 1
                    _log.warning("hookd.not_claimed", extra={"problem": error.message})
                    await self._backoff.pause(self._backoff.seconds(tries))
                else:
                    if not found:
                        await self.pulse.wait(LOOK_EVERY)
        finally:
            if self._under_way:
                _, late = await asyncio.wait(self._under_way, timeout=STOP_WITHIN)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def post_all(self) -> None:
        """Everything that is due now, to its end. Raises Transient."""
        while await self._begin() or self._under_way:
            await asyncio.gather(*self._under_way)

    async def _begin(self) -> bool:
        """Start what there is room for; whether there may be more."""
        room = self._concurrency - len(self._under_way)
        if room <= 0:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return True
        now = self._now()
        claims = await self._store.to_post(limit=room, now=now, until=now + self._claim)
        for claim in claims:
            task = asyncio.create_task(self._tell(claim), name="hookd post")
            self._under_way.add(task)
            task.add_done_callback(self._end)
        return bool(claims)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self.pulse.beat()

    async def _tell(self, claim: ToPost) -> None:
        try:
            await self._tell_next(claim)
        except FairwayError as error:
            # The claim ends by itself, and who has it then looks first.
            _log.warning("hookd.not_noted", extra={"delivery_id": claim.tracked.delivery_id, "problem": error.message})

    async def _tell_next(self, claim: ToPost) -> None:
        tracked = claim.tracked
        entry = next_to_tell(tracked.story.statuses, tracked.posted)
        if entry is None:
            await self._store.posted(tracked.delivery_id, tracked.story.state)
            return
        try:
            async with asyncio.timeout(self._answer.total_seconds()):
                await self._post(claim, entry)
        except TimeoutError:
            await self._failed(claim, entry, Transient("GitHub did not answer in time"))
        except FairwayError as error:
            await self._failed(claim, entry, error)
        except Exception as error:
            _log.exception("hookd.defect", extra=_ids(tracked))
            await self._failed(claim, entry, Terminal(f"hookd has a defect: {type(error).__name__}"))
        else:
            self.problem = ""
            await self._store.posted(tracked.delivery_id, entry.state)

    async def _post(self, claim: ToPost, entry: StatusEntry) -> None:
        tracked = claim.tracked
        if claim.tries:
            told = await self._statuses.states(tracked.repository, tracked.deployment_id)
            if entry.state in told:
                return
        await self._statuses.post(
            StatusPost(
                repository=tracked.repository,
                deployment_id=tracked.deployment_id,
                state=entry.state,
                description=cut_description(entry.description),
                log_url=self._log_url(tracked.delivery_id),
            )
        )
        self._metrics.github_status(tracked, entry.state, "201")

    async def _failed(self, claim: ToPost, entry: StatusEntry, error: FairwayError) -> None:
        tracked = claim.tracked
        tries = claim.tries + 1
        passes = isinstance(error, Transient)
        self._metrics.github_status(tracked, entry.state, "transient" if passes else "failed")
        self.problem = mask(error.message)
        too_late = self._now() - entry.at >= self._within
        is_over = too_late or (not passes and claim.refusals + 1 >= REFUSED_TRIES)
        wait = timedelta(seconds=self._backoff.seconds(tries))
        if isinstance(error, TryLater):
            wait = max(wait, error.after)
        _log.log(
            logging.ERROR if is_over else logging.WARNING,
            "hookd.not_told",
            extra={**_ids(tracked), "state": entry.state.value, "tries": tries, "problem": self.problem},
        )
        again = None if is_over else self._now() + wait
        await self._store.post_failed(tracked.delivery_id, self.problem, again=again, was_refused=not passes)


def _ids(tracked: Tracked) -> dict[str, str]:
    return {"delivery_id": tracked.delivery_id, "deployment": tracked.story.id, "repository": str(tracked.repository)}
