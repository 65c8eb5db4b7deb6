"""What registries and chart repositories have, asked once per run however many releases want to know.

The rule not to break: a bounded number of questions at once to each registry, so that a large repository is no attack
on it, and a slow one keeps nothing from the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from fairway.domain.repository.models import ChartReference
from fairway.domain.upgrades.choosing import SeenTag
from fairway.domain.upgrades.platforms import PlatformMissing
from fairway.services.upgrades.ports import Registry

T = TypeVar("T")

QUESTIONS_AT_ONCE = 16


class ChartVersions(Protocol):
    """What is wanted of `services.charts.Charts`."""

    async def versions(self, ref: ChartReference) -> list[str]: ...


class Seen:
    """Tags and versions, for one run. Errors are those of `Registry` and `Charts`."""

    def __init__(self, registry: Registry, charts: ChartVersions) -> None:
        self._registry = registry
        self._charts = charts
        self._asked: dict[tuple[str, ...], asyncio.Future[Any]] = {}
        self._slots: dict[str, asyncio.Semaphore] = {}

    async def tags(self, repository: str) -> list[SeenTag]:
        """Every tag of a repository."""
        tags = await self._once(("tags", repository), lambda: self._registry.tags(repository))
        return [SeenTag(tag) for tag in tags]

    async def dated(
        self, repository: str, tags: Sequence[str], platform: str = ""
    ) -> tuple[list[SeenTag], dict[str, str]]:
        """These tags with their dates, and of those that lack the platform why they cannot be taken."""
        found = await asyncio.gather(*(self._dated(repository, tag, platform) for tag in tags))
        missing = f"has no image for {platform}"
        return [one for one, _ in found], {one.tag: missing for one, there in found if not there}

    async def digest(self, repository: str, tag: str, platform: str = "") -> str | None:
        """Raises PlatformMissing."""
        return await self._once(
            ("digest", repository, tag, platform), lambda: self._registry.digest(repository, tag, platform)
        )

    async def labels(self, repository: str, tag: str, platform: str = "") -> Mapping[str, str]:
        return await self._once(
            ("labels", repository, tag, platform), lambda: self._registry.labels(repository, tag, platform)
        )

    async def versions(self, chart: ChartReference) -> list[SeenTag]:
        versions = await self._once(("chart", chart.location), lambda: self._charts.versions(chart))
        return [SeenTag(version) for version in versions]

    async def _dated(self, repository: str, tag: str, platform: str) -> tuple[SeenTag, bool]:
        def ask() -> Awaitable[datetime | None]:
            return self._registry.created(repository, tag, platform)

        try:
            return SeenTag(tag, await self._once(("created", repository, tag, platform), ask)), True
        except PlatformMissing:
            return SeenTag(tag), False

    async def _once(self, key: tuple[str, ...], ask: Callable[[], Awaitable[T]]) -> T:
        if key not in self._asked:
            place = key[1].removeprefix("oci://").partition("/")[0]
            slots = self._slots.setdefault(place, asyncio.Semaphore(QUESTIONS_AT_ONCE))
            self._asked[key] = asyncio.ensure_future(_limited(slots, ask))
        answer: T = await asyncio.shield(self._asked[key])
        return answer


async def _limited(slots: asyncio.Semaphore, ask: Callable[[], Awaitable[T]]) -> T:
    async with slots:
        return await ask()
