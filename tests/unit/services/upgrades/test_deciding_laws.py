"""Laws of what is written in the end: with pinned digests, platforms that are missing, and versions that are held."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.registry.memory import MemoryRegistry
from fairway.domain.errors import Position
from fairway.domain.repository.models import Release
from fairway.domain.upgrades.choosing import Rules, Track
from fairway.domain.upgrades.images import ImageReference
from fairway.domain.upgrades.tags import parse_tag
from fairway.services.upgrades.deciding import decide_by_registry, settle
from fairway.services.upgrades.seeing import Seen
from fairway.services.upgrades.watching import Watch

NAME = "registry.example/app"
HERE = Position("releases.yaml", 1, 1)

_tags = st.sampled_from(["1.0.0", "1.0.1", "v1.0.1", "1.1.0", "2.0.0", "main", "1.0.2-rc1"])
_images = st.dictionaries(
    _tags, st.tuples(st.integers(0, 5), st.sampled_from([("linux/amd64",), ("linux/amd64", "linux/arm64")])), max_size=7
)
_digests = st.sampled_from([None, f"sha256:{'0' * 64}"])
_held = st.sets(_tags, max_size=2)


class NoCharts:
    async def versions(self, ref: object) -> list[str]:
        raise AssertionError("nobody asks for charts here")


def watch(current: str, digest: str | None, track: Track, *, pin: bool, platform: str) -> Watch:
    image = ImageReference("registry.example", "app", current, digest)
    release = Release("app", HERE)
    return Watch("prod", release, image, "image.tag", current, track, HERE, (), Rules(), pin, platform)


def decide(registry: MemoryRegistry, one: Watch, held: set[str]) -> str | None:
    async def run() -> str | None:
        seen = Seen(registry, NoCharts())
        choice, new = await settle(one, seen, dict.fromkeys(held, "bad"), await decide_by_registry(one, seen))
        assert (choice.chosen is None) == (new is None)
        assert sum(verdict.chosen for verdict in choice.verdicts) == (new is not None)
        return new

    return asyncio.run(run())


@given(_images, _tags, _digests, st.sampled_from(Track), st.booleans(), st.sampled_from(["", "linux/arm64"]), _held)
def test_what_is_written_is_there_not_held_not_lower_and_stays(
    images: dict[str, tuple[int, tuple[str, ...]]],
    current: str,
    digest: str | None,
    track: Track,
    pin: bool,
    platform: str,
    held: set[str],
) -> None:
    registry = MemoryRegistry({NAME: {}})
    for tag, (day, platforms) in images.items():
        registry.push(NAME, tag, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day), platforms=platforms)
    one = watch(current, digest, track, pin=pin, platform=platform)
    new = decide(registry, one, held)
    if new is None:
        return
    tag, at, written = new.partition("@")
    assert tag in images
    assert tag not in held
    assert bool(at) == one.pins
    if at:
        assert written == asyncio.run(registry.digest(NAME, tag, platform))
    if platform:
        assert platform in images[tag][1]
    before, after = parse_tag(current), parse_tag(tag)
    if track is not Track.NEWEST and before and after:
        assert after.precedence >= before.precedence
        assert (after.precedence == before.precedence) <= (tag == current)
    upgraded = replace(one, subject=ImageReference("registry.example", "app", tag, written or None), current=tag)
    assert decide(registry, upgraded, held) is None
