"""Which releases could be upgraded, to what, and why to nothing else.

The rule not to break: one release that cannot be looked at, or one registry that is down, keeps nobody else from an
answer; what went wrong comes back beside the answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import FairwayError
from fairway.domain.repository.models import (
    ChartKind,
    ChartReference,
    Environment,
    Release,
)
from fairway.domain.upgrades.choosing import Choice
from fairway.domain.upgrades.images import ImageReference
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.domain.values.explaining import Explanation
from fairway.services.upgrades.deciding import Ask, decide_by_registry, settle
from fairway.services.upgrades.dependencies import dependency_watches
from fairway.services.upgrades.describing import describe
from fairway.services.upgrades.objects import object_watches
from fairway.services.upgrades.ports import Registry
from fairway.services.upgrades.pulling import NoPullSecrets, PullSecrets
from fairway.services.upgrades.seeing import ChartVersions, Seen
from fairway.services.upgrades.watching import Watch, chart_watch, image_watch

RELEASES_AT_ONCE = 32


class Values(Protocol):
    """What is wanted of `services.values.ReleaseValues`."""

    async def explain(self, release: Release, chart: ChartSource) -> Explanation: ...


class Charts(ChartVersions, Protocol):
    """What is wanted of `services.charts.Charts`."""

    async def fetch(self, ref: ChartReference) -> ChartSource: ...


@dataclass(frozen=True, slots=True)
class Look:
    """One trigger after looking: what is chosen, and a verdict about every version seen."""

    watch: Watch
    choice: Choice
    new: str | None
    """What is to be written: the chosen version, with its digest where one is pinned. None: no upgrade."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A trigger or release that could not be looked at."""

    environment: str
    release: str
    error: FairwayError
    asked: ImageReference | ChartReference | None = None
    """What was asked for, where it was the registry or chart repository that failed."""


@dataclass(frozen=True, slots=True)
class Report:
    """Looks and problems in the order of the repository."""

    looks: tuple[Look, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def upgrades(self) -> tuple[Look, ...]:
        return tuple(look for look in self.looks if look.new is not None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look at."""

    releases: frozenset[str] = frozenset()
    """Empty means all."""
    images: bool = True
    charts: bool = True
    concerns: Callable[[Watch], bool] = lambda watch: True


Decide = Callable[[Watch, Seen], Awaitable[Ask]]
"""What was seen, ready to choose from."""
Held = Callable[[Watch], Mapping[str, str]]
"""Versions that must not be proposed for a watch → why; a version as written, `TAG` or `TAG@DIGEST`."""


def nothing_held(watch: Watch) -> Mapping[str, str]:
    return {}


@dataclass(slots=True)
class Upgrades:
    """Looks for upgrades. `values` gives the values of an environment's releases."""

    registry: Registry
    charts: Charts
    values: Callable[[Environment], Values]
    held: Held = nothing_held
    pull_secrets: PullSecrets = field(default_factory=NoPullSecrets)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RELEASES_AT_ONCE))

    async def check(self, environments: Iterable[Environment], wanted: Wanted = Wanted()) -> Report:
        """Asks every registry and chart repository that a trigger names, each repository once."""
        return await self.decide(environments, wanted, decide_by_registry)

    async def watches(self, environment: Environment, release: Release) -> list[Watch]:
        """What a release's triggers are about, as far as that can be found out; no registry is asked."""
        found = await self._watches(environment, release, self.values(environment), Wanted())
        return [one for one in found if isinstance(one, Watch)]

    async def describe(self, looks: Iterable[Look]) -> tuple[Upgrade, ...]:
        """Upgrades as others are told of them, with links to the sources of images where the images name them."""
        seen = Seen(self.registry, self.charts)
        return tuple(await asyncio.gather(*(describe(look, seen) for look in looks if look.new is not None)))

    async def decide(
        self, environments: Iterable[Environment], wanted: Wanted, decide: Decide, *, asks: bool = True
    ) -> Report:
        """Every watch that is wanted, with what `decide` says of it; `asks`: whether it asks registries."""
        seen = Seen(self.registry, self.charts)
        work = []
        for environment in environments:
            values = self.values(environment)
            for release in environment.releases:
                if not wanted.releases or release.name in wanted.releases:
                    watches = self._watches(environment, release, values, wanted)
                    work.append(self._looks(watches, wanted, environment, seen, decide, asks=asks))
        parts = await asyncio.gather(*work)
        looks = tuple(item for part in parts for item in part if isinstance(item, Look))
        return Report(looks, tuple(item for part in parts for item in part if isinstance(item, Problem)))

    async def _looks(
        self,
        watches: Awaitable[Sequence[Watch | Problem]],
        wanted: Wanted,
        environment: Environment,
        seen: Seen,
        decide: Decide,
        *,
        asks: bool,
    ) -> list[Look | Problem]:
        async with self._slots:
            found = await watches
        concerned = [item for item in found if isinstance(item, Problem) or wanted.concerns(item)]
        return list(
            await asyncio.gather(*(self._look(item, environment, seen, decide, asks=asks) for item in concerned))
        )

    async def _look(
        self, item: Watch | Problem, environment: Environment, seen: Seen, decide: Decide, *, asks: bool
    ) -> Look | Problem:
        if isinstance(item, Problem):
            return item
        try:
            if item.kind == "image" and (asks or item.pins or item.platform):
                triggers = item.release.image_triggers
                await self.pull_secrets.use(environment, [name for one in triggers for name in one.image_pull_secrets])
        except FairwayError as error:  # of the cluster, not of the registry
            return Problem(item.environment, item.release.name, error)
        try:
            choice, new = await settle(item, seen, self.held(item), await decide(item, seen))
            return Look(item, choice, new)
        except FairwayError as error:
            return Problem(item.environment, item.release.name, error, item.subject)

    async def _watches(
        self,
        environment: Environment,
        release: Release,
        values: Values,
        wanted: Wanted,
    ) -> Sequence[Watch | Problem]:
        chart = release.chart
        if chart is None:
            return await self._object_watches(environment, release, wanted)
        watches: list[Watch | Problem] = []
        for trigger in release.chart_triggers if wanted.charts else ():
            try:
                if chart.kind is ChartKind.DIRECTORY:
                    watches += dependency_watches(environment, release, trigger)
                else:
                    watches.append(chart_watch(environment, release, trigger, chart))
            except FairwayError as error:
                watches.append(Problem(environment.name, release.name, error))
        if not release.image_triggers or not wanted.images:
            return watches
        try:
            source = await self.charts.fetch(chart)
        except FairwayError as error:
            return [*watches, Problem(environment.name, release.name, error, chart)]
        try:
            explanation = await values.explain(release, source)
        except FairwayError as error:
            return [*watches, Problem(environment.name, release.name, error)]
        for image in release.image_triggers:
            try:
                watches.append(image_watch(environment, release, image, explanation, source))
            except FairwayError as error:
                watches.append(Problem(environment.name, release.name, error))
        return watches

    async def _object_watches(
        self, environment: Environment, release: Release, wanted: Wanted
    ) -> Sequence[Watch | Problem]:
        """Of a release that is plain files."""
        if not release.image_triggers and not release.chart_triggers:
            return ()
        found = await asyncio.to_thread(
            object_watches, environment, release, images=wanted.images, charts=wanted.charts
        )
        return [one if isinstance(one, Watch) else Problem(environment.name, release.name, one) for one in found]
