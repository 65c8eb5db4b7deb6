"""Somebody pushed an image or a chart: which releases want it?

The rule not to break: what was pushed is chosen by the same rules as what was found, and never lower than what is
there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fairway.domain.errors import UserError
from fairway.domain.repository.models import ChartReference, Environment
from fairway.domain.upgrades.choosing import SeenTag, Track
from fairway.domain.upgrades.images import BadImageName, ImageReference, parse_image
from fairway.services.upgrades.checking import Report, Upgrades, Wanted
from fairway.services.upgrades.deciding import Ask, chart_choice, image_choice, newest_choice
from fairway.services.upgrades.seeing import Seen
from fairway.services.upgrades.watching import Watch


class Pushed(Protocol):
    """Something that appeared."""

    def concerns(self, watch: Watch) -> bool: ...

    async def decide(self, watch: Watch, seen: Seen) -> Ask: ...

    async def decide_verified(self, watch: Watch, seen: Seen) -> Ask:
        """As `decide`, of what is really there. Raises UserError when there is no such thing."""
        ...


async def observe(
    upgrades: Upgrades,
    environments: Iterable[Environment],
    pushed: Pushed,
    releases: frozenset[str] = frozenset(),
    *,
    verify: bool = False,
) -> Report:
    """The releases that watch what was pushed; with `verify` the registry is asked first."""
    is_image = isinstance(pushed, PushedImage | PushedImages)
    wanted = Wanted(releases, images=is_image, charts=not is_image, concerns=pushed.concerns)
    decide = pushed.decide_verified if verify else pushed.decide
    return await upgrades.decide(environments, wanted, decide, asks=verify)


@dataclass(frozen=True, slots=True)
class PushedImage:
    """`at` counts as the time when the image was created, unless the registry is asked."""

    image: ImageReference
    tag: str
    at: datetime

    @classmethod
    def parse(cls, text: str, at: datetime) -> PushedImage:
        """`IMAGE:TAG` as somebody types it. Raises UserError."""
        fix = "write IMAGE:TAG, e.g. shop/web:1.2.3"
        try:
            image = parse_image(text)
        except BadImageName as error:
            raise UserError(f'"{text}" is not an image: {error}', fix=fix) from error
        if not image.tag:
            raise UserError(f'"{text}" has no tag', fix=fix)
        return cls(image, image.tag, at)

    def concerns(self, watch: Watch) -> bool:
        return isinstance(watch.subject, ImageReference) and watch.subject.name == self.image.name

    async def decide(self, watch: Watch, seen: Seen) -> Ask:
        return image_choice(watch, [SeenTag(self.tag, self.at)])

    async def decide_verified(self, watch: Watch, seen: Seen) -> Ask:
        return await PushedImages((self,)).decide_verified(watch, seen)

    async def verify(self, seen: Seen) -> None:
        """Raises UserError when the registry does not have it, or has something else by this name."""
        name = self.image.name
        digest = await seen.digest(name, self.tag)
        if digest is None:
            raise UserError(f"there is no image {self.image.familiar}:{self.tag}", fix="was the push finished?")
        if self.image.digest and self.image.digest != digest:
            message = f"{self.image.familiar}:{self.tag} is {digest} now, not {self.image.digest}"
            raise UserError(message, fix="it was pushed again; observe what is there now")


@dataclass(frozen=True, slots=True)
class PushedImages:
    """Several, which may be tags of the same image: releases are read once for all, and the best tag is chosen."""

    images: tuple[PushedImage, ...]

    def concerns(self, watch: Watch) -> bool:
        return any(one.concerns(watch) for one in self.images)

    async def decide(self, watch: Watch, seen: Seen) -> Ask:
        return image_choice(watch, [SeenTag(one.tag, one.at) for one in self._of(watch)])

    async def decide_verified(self, watch: Watch, seen: Seen) -> Ask:
        mine = self._of(watch)
        for one in mine:
            await one.verify(seen)
        if watch.track is not Track.NEWEST:
            return await self.decide(watch, seen)
        return await newest_choice(watch, mine[0].image.name, [*(one.tag for one in mine), watch.current], seen)

    def _of(self, watch: Watch) -> list[PushedImage]:
        return [one for one in self.images if one.concerns(watch)]


@dataclass(frozen=True, slots=True)
class PushedChart:
    """`name` as releases write it (`stable/redis`, `oci://…`), or the last part of that."""

    name: str
    version: str

    @classmethod
    def parse(cls, text: str) -> PushedChart:
        """`NAME:VERSION` as somebody types it. Raises UserError."""
        name, _, version = text.rpartition(":")
        if not name or not version or "/" in version:
            fix = "write NAME:VERSION, e.g. stable/redis:1.2.3"
            raise UserError(f'"{text}" is not a chart with its version', fix=fix)
        return cls(name, version)

    def concerns(self, watch: Watch) -> bool:
        return isinstance(watch.subject, ChartReference) and self.name in (watch.name, watch.name.rpartition("/")[2])

    async def decide(self, watch: Watch, seen: Seen) -> Ask:
        return chart_choice(watch, [SeenTag(self.version)])

    async def decide_verified(self, watch: Watch, seen: Seen) -> Ask:
        assert isinstance(watch.subject, ChartReference)
        if self.version not in {one.tag for one in await seen.versions(watch.subject)}:
            raise UserError(f"there is no chart {watch.name} {self.version}", fix="was the push finished?")
        return await self.decide(watch, seen)
