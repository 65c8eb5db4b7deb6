"""A real registry of the distribution project tells of a real push."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support import tools
from tests.support.images import push_image
from tests.support.registry import OciRegistry, oci_registry

from fairway.domain.configuration.listening import Listen
from fairway.entrypoints.web.app import create_app
from fairway.entrypoints.web.parts import WebParts
from fairway.entrypoints.web.serving import serving
from fairway.services.intake import PendingWakes
from fairway.services.intake.intake import Intake


@pytest.fixture
async def wake() -> PendingWakes:
    return PendingWakes()


@pytest.fixture
async def registry(wake: PendingWakes, tmp_path: Path) -> AsyncIterator[OciRegistry]:
    program = tools.need(tools.REGISTRY, tools.registry_binary())
    parts = WebParts(Intake(wake, lambda kind: ("s3cret",)))
    async with serving(create_app(parts), Listen("127.0.0.1", 0)) as address:
        run = oci_registry(program, tmp_path, (f"http://{address}/hooks/registry/generic", "s3cret"))
        started = await asyncio.to_thread(run.__enter__)
        try:
            yield started
        finally:
            await asyncio.to_thread(run.__exit__, None, None, None)


async def test_a_push_is_heard_with_its_name_tag_and_digest(registry: OciRegistry, wake: PendingWakes) -> None:
    digest = await asyncio.to_thread(push_image, registry.host, "shop/web", "1.4.2")
    async with asyncio.timeout(30):
        await wake.wait()
    heard = [(one.repository, one.tag, one.digest) for one in wake.take().images]
    assert heard == [(f"{registry.host}/shop/web", "1.4.2", digest)]


async def test_of_an_image_for_several_platforms_only_the_tag_is_news(
    registry: OciRegistry, wake: PendingWakes
) -> None:
    index = await asyncio.to_thread(
        push_image, registry.host, "shop/web", "2.0.0", platforms=("linux/amd64", "linux/arm64")
    )
    async with asyncio.timeout(30):
        await wake.wait()
    assert [(one.tag, one.digest) for one in wake.take().images] == [("2.0.0", index)]
