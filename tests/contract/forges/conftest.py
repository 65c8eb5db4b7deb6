"""The same questions for every forge: in memory, and behind loopback servers that follow the published APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.forges.place import MemoryPlace, Place
from tests.support.forges.world import World

from fairway.adapters.forges.memory import MemoryForge


@pytest.fixture(params=["memory"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """An empty repository with the branch main."""
    if request.param == "memory":
        known = {"main": "1" * 40}
        yield MemoryPlace(MemoryForge(branches=known), known, World())
