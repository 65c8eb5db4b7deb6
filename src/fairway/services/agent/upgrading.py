"""Looks for upgrades every now and then, and when somebody says that an image was pushed; what is found is written
into Git.

The rule not to break: the cluster is never touched here, and only who leads writes. One registry that is down keeps
nobody else's upgrades back.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

from fairway.domain.errors import FairwayError
from fairway.domain.repository.models import Environment, Repository
from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.services.agent.agent import LooksAfter
from fairway.services.agent.ports import Clock
from fairway.services.agent.registries import Registries
from fairway.services.agent.rhythm import Rhythm
from fairway.services.agent.troubles import Troubles
from fairway.services.agent.waking import Wake
from fairway.services.intake.looking import concerned, evidence
from fairway.services.intake.pending import Woken
from fairway.services.upgrades.checking import Look, Report, Upgrades, Wanted
from fairway.services.upgrades.observing import PushedImages, observe
from fairway.services.writing.changes import Change
from fairway.services.writing.writer import Writer

log = logging.getLogger(__name__)


class Writing(Protocol):
    """The deployments repository for who writes into it."""

    @property
    def writer(self) -> Writer: ...

    @property
    def upgrades(self) -> Callable[[Repository], AbstractAsyncContextManager[Upgrades]]: ...

    def newest(self) -> AbstractAsyncContextManager[Repository]: ...

    def changes(self, looks: Iterable[Look], told: Iterable[Upgrade]) -> Sequence[Change]: ...


class Upgrading:
    """`looks_after` chooses the environments; `leads` says whether this process acts."""

    def __init__(
        self,
        writing: Writing,
        *,
        looks_after: LooksAfter,
        leads: Callable[[], bool],
        every: timedelta,
        trust_events: bool,
        clock: Clock,
        troubles: Troubles,
        chance: Callable[[], float],
    ) -> None:
        self._writing = writing
        self._looks_after = looks_after
        self._leads = leads
        self._rhythm = Rhythm(every)
        self._trust_events = trust_events
        self._clock = clock
        self._registries = Registries(troubles)
        self._chance = chance
        self._wake = Wake()
        self._images: dict[tuple[str, str], ImagePushed] = {}
        self._overflow = False

    def pushed(self, woken: Woken) -> None:
        """Somebody says that images were pushed."""
        self._images.update({(event.repository, event.tag): event for event in woken.images})
        self._overflow = self._overflow or woken.overflow
        if woken.images or woken.overflow:
            self._wake("image")

    async def run(self) -> None:
        """Until cancelled."""
        due = self._clock.now()
        while True:
            if self._clock.now() >= due:
                due = self._clock.now() + self._rhythm.jittered(self._rhythm.every, self._chance())
                await self._guarded(self.check())
            elif self._images or self._overflow:
                await self._guarded(self.hear())
            await self._wake.rest(self._clock, due)

    async def check(self) -> Report:
        """Ask all registries that triggers name, and have written what is found."""
        self._images, self._overflow = {}, False
        return await self._look(lambda upgrades, places: upgrades.check(places), complete=True)

    async def hear(self) -> Report:
        """Look at what was told since."""
        woken = Woken(images=tuple(self._images.values()), overflow=self._overflow)
        self._images, self._overflow = {}, False

        async def look(upgrades: Upgrades, places: Sequence[Environment]) -> Report:
            if not self._trust_events or woken.overflow:
                return await upgrades.check(places, Wanted(charts=woken.overflow, concerns=concerned(woken)))
            return await observe(upgrades, places, PushedImages(tuple(evidence(woken.images))))

        # Evidence says that one version exists, not that no other is wanted.
        return await self._look(look, settles=not self._trust_events or woken.overflow)

    async def _look(
        self,
        ask: Callable[[Upgrades, Sequence[Environment]], Awaitable[Report]],
        *,
        settles: bool = True,
        complete: bool = False,
    ) -> Report:
        if not self._leads():
            return Report()
        writing = self._writing
        async with writing.newest() as repository:
            places = self._looks_after(repository)
            async with writing.upgrades(repository) as upgrades:
                report = await ask(upgrades, places)
                told = await upgrades.describe(report.upgrades)
        for problem in report.problems:
            extra = {"environment": problem.environment, "release": problem.release, "why": str(problem.error)}
            log.warning("agent.upgrade_problem", extra=extra)
        self._registries.learn(report, asked=settles, complete=complete)
        if self._leads():
            for one in told:
                extra = {"environment": one.environment, "release": one.release, "old": one.old, "new": one.new}
                log.info("agent.upgrade", extra=extra)
            writing.writer.add(writing.changes(report.upgrades, told))
            done = [f"{x.watch.environment}/{x.watch.release.name} {x.watch.key}" for x in report.looks if not x.new]
            writing.writer.settle(done if settles else ())
        return report

    async def _guarded(self, work: Awaitable[Report]) -> None:
        """What goes wrong is told, and tried again the next time."""
        try:
            await work
        except FairwayError as error:
            log.warning("agent.upgrades_failed", extra={"why": str(error)})
