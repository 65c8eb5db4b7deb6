"""What every registry answers alike."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.contract.registry.conftest import Place

from fairway.domain.errors import UserError
from fairway.domain.upgrades.platforms import PlatformMissing

MAY = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


async def test_all_tags_are_listed(place: Place) -> None:
    for tag in ("1.0.0", "1.0.1", "latest"):
        place.push(tag, MAY)
    assert sorted(await place.registry.tags(place.repository)) == ["1.0.0", "1.0.1", "latest"]


async def test_a_repository_that_does_not_exist_is_named(place: Place) -> None:
    with pytest.raises(UserError, match=f"there is no image repository {place.repository}x"):
        await place.registry.tags(place.repository + "x")


async def test_an_image_says_when_it_was_built(place: Place) -> None:
    place.push("1.0.0", MAY)
    place.push("1.0.1", JUNE)
    assert await place.registry.created(place.repository, "1.0.0") == MAY
    assert await place.registry.created(place.repository, "1.0.1") == JUNE


async def test_an_image_may_not_say_when_it_was_built(place: Place) -> None:
    place.push("1.0.0", None)
    assert await place.registry.created(place.repository, "1.0.0") is None


async def test_a_tag_that_does_not_exist_has_no_digest_and_no_date(place: Place) -> None:
    place.push("1.0.0", MAY)
    assert await place.registry.digest(place.repository, "2.0.0") is None
    assert await place.registry.created(place.repository, "2.0.0") is None


async def test_a_tag_that_is_moved_has_another_digest_and_date(place: Place) -> None:
    place.push("latest", MAY)
    before = await place.registry.digest(place.repository, "latest")
    place.push("latest", JUNE)
    assert (await place.registry.digest(place.repository, "latest")) not in (before, None)
    assert await place.registry.created(place.repository, "latest") == JUNE


SOURCE = {
    "org.opencontainers.image.source": "https://github.com/shop/app",
    "org.opencontainers.image.revision": "3f2c1ab",
}


async def test_an_image_says_where_its_sources_are(place: Place) -> None:
    place.push("1.0.0", MAY, labels=SOURCE)
    place.push("1.0.1", JUNE)
    assert await place.registry.labels(place.repository, "1.0.0") == SOURCE
    assert await place.registry.labels(place.repository, "1.0.1") == {}
    assert await place.registry.labels(place.repository, "2.0.0") == {}


async def test_a_digest_says_it_of_an_image_that_has_lost_its_tag(place: Place) -> None:
    place.push("main", MAY, labels=SOURCE)
    before = await place.registry.digest(place.repository, "main")
    place.push("main", JUNE)
    assert await place.registry.labels(place.repository, before or "") == SOURCE


async def test_an_image_of_a_platform_has_its_own_digest(place: Place) -> None:
    place.push("1.0.0", MAY, platforms=("linux/amd64", "linux/arm64"), labels=SOURCE)
    ask = place.registry
    digests = [await ask.digest(place.repository, "1.0.0", name) for name in ("", "linux/amd64", "linux/arm64/v8")]
    assert len(set(digests)) == 3
    assert await ask.labels(place.repository, "1.0.0", "linux/arm64") == SOURCE
    assert await ask.created(place.repository, "1.0.0", "linux/amd64") == MAY


@pytest.mark.parametrize("platforms", [("linux/amd64", "linux/arm64"), ()])
async def test_a_platform_that_a_tag_does_not_have_is_told(platforms: tuple[str, ...], place: Place) -> None:
    place.push("1.0.0", MAY, platforms=platforms)
    for ask in (place.registry.digest, place.registry.created, place.registry.labels):
        with pytest.raises(PlatformMissing, match=r"app:1\.0\.0 has no image for linux/riscv64"):
            await ask(place.repository, "1.0.0", "linux/riscv64")
        assert not await ask(place.repository, "2.0.0", "linux/riscv64")


async def test_an_image_that_is_not_one_of_several_has_a_platform_too(place: Place) -> None:
    place.push("1.0.0", MAY)
    digest = await place.registry.digest(place.repository, "1.0.0")
    assert await place.registry.digest(place.repository, "1.0.0", "linux/amd64") == digest
