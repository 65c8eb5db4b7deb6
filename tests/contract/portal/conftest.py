"""A portal for each test, and people before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.portal import Place, Visitor, portal


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with portal(tmp_path) as made:
        yield made


@pytest.fixture
async def visitor(place: Place) -> AsyncIterator[Visitor]:
    """Not signed in."""
    made = Visitor(place)
    yield made
    await made.aclose()


@pytest.fixture
async def anna(place: Place) -> AsyncIterator[Visitor]:
    made = Visitor(place)
    await made.sign_in("anna")
    yield made
    await made.aclose()


@pytest.fixture
async def bert(place: Place) -> AsyncIterator[Visitor]:
    made = Visitor(place)
    await made.sign_in("bert")
    yield made
    await made.aclose()
