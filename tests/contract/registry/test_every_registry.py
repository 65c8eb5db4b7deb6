"""What every registry answers alike."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.contract.registry.conftest import Place

from fairway.domain.errors import UserError

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
