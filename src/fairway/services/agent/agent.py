"""The agent: one branch, and a keeper for each environment that it looks after.

The rule not to break: Git, each environment and each outside thing fail by themselves; none of them stops the others.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from fairway.domain.agent.touching import Touched
from fairway.domain.repository.models import Environment, Repository
from fairway.services.agent.following import Following, Tree
from fairway.services.agent.keeping import Keeper
from fairway.services.agent.ports import Clock, Leadership
from fairway.services.agent.rhythm import Rhythm
from fairway.services.agent.waking import Wake

log = logging.getLogger(__name__)

GIT_AGAIN = timedelta(seconds=5)
"""After Git did not answer; doubled each time, up to the usual pace."""

Job = Callable[[], Awaitable[None]]
LooksAfter: TypeAlias = Callable[[Repository], Sequence[Environment]]
"""The environments of a repository that this agent looks after."""


class Agent:
    """`run` until cancelled, or `once`. `looks_after` chooses the environments."""

    def __init__(
        self,
        follow: Callable[[Agent], Following],
        keeper: Callable[[str], Keeper],
        *,
        looks_after: LooksAfter,
        leadership: Leadership,
        clock: Clock,
        rhythm: Rhythm = Rhythm(),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.following = follow(self)
        self.leadership = leadership
        self._keeper = keeper
        self._looks_after = looks_after
        self._clock = clock
        self._rhythm = rhythm
        self._chance = chance
        self._wake = Wake()
        self._keepers: dict[str, Keeper] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    @property
    def keepers(self) -> Mapping[str, Keeper]:
        return self._keepers

    def wake_git(self, reason: str = "webhook") -> None:
        """Somebody says that the branch moved."""
        self._wake(reason)

    def drifted(self, environment: str, releases: frozenset[str]) -> None:
        """Somebody saw objects of these releases change in the cluster."""
        if environment in self._keepers:
            self._keepers[environment].drifted(releases)

    def read(self, tree: Tree, touched: Callable[[str], Touched]) -> None:
        """There is a new commit: each environment hears what it touches there."""
        mine = [one.name for one in self._looks_after(tree.repository)]
        if not mine:
            known = [one.name for one in tree.repository.environments]
            log.warning(
                "agent.no_environment", extra={"why": "none of those here is to be looked after", "known": known}
            )
        for name in self._keepers.keys() - set(mine):
            log.info("agent.environment_gone", extra={"environment": name})
            del self._keepers[name]
            if (task := self._tasks.pop(name, None)) is not None:
                task.cancel()
        for name in mine:
            if name not in self._keepers:
                self._keepers[name] = self._keeper(name)
                self._start(name)
            self._keepers[name].moved(tree, touched(name))

    async def run(self, *jobs: Job) -> None:
        """Until cancelled; `jobs` run beside, for as long. What is under way then ends with its records in order."""
        # Leadership outlives the work: given back before, another agent would begin while this one still ends.
        async with asyncio.TaskGroup() as outer:
            outer.create_task(self.leadership.run(), name="leadership")
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._watch_leadership(), name="leadership changes")
                for job in jobs:
                    group.create_task(_awaited(job))
                for name in self._keepers:
                    self._start(name)
                await self._follow()

    async def once(self) -> None:
        """Look once, and carry out what there is to do."""
        if await self.following.look():
            await asyncio.gather(*(keeper.once() for keeper in self._keepers.values()))

    async def _follow(self) -> None:
        again = GIT_AGAIN
        while True:
            if await self.following.look():
                again = GIT_AGAIN
                pause = self._rhythm.every
                # What is not trusted keeps everybody still; what is trusted again lets them go on.
                for keeper in self._keepers.values() if self.following.untrusted else ():
                    keeper.wake("commit")
            else:
                pause, again = min(again, self._rhythm.every), again * 2
            await self._wake.rest(self._clock, self._clock.now() + self._rhythm.jittered(pause, self._chance()))

    async def _watch_leadership(self) -> None:
        while True:
            await self.leadership.changed()
            leads = self.leadership.leads
            log.info("agent.leadership", extra={"leads": leads, "holder": self.leadership.holder})
            for keeper in self._keepers.values():
                keeper.lead() if leads else keeper.stop_acting()

    def _start(self, name: str) -> None:
        if self._group is not None:
            self._tasks[name] = self._group.create_task(self._keepers[name].run(), name=f"environment {name}")


async def _awaited(job: Job) -> None:
    await job()
