"""The same questions for a real registry and for the one in memory."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from tests.support.chart_servers import WebServer, web_server
from tests.support.images import push_image

from fairway.adapters.charts.web import Patience
from fairway.adapters.registry.memory import MemoryRegistry
from fairway.services.upgrades.ports import Registry
from fairway.wiring import image_registry

PATIENCE = Patience(2, 0.01, 20.0)


@dataclass
class Place:
    """`push(tag, created, labels=…, platforms=…)` adds an image to `repository`."""

    repository: str
    registry: Registry
    push: Callable[..., object]


@asynccontextmanager
async def asked(home: Path, *, at: float = 0.0, longest: float | None = None) -> AsyncIterator[Registry]:
    """A client with its files below `home`, no logins but those there, and a clock that stands at `at` seconds."""
    env = {"HOME": str(home)}
    clock = partial(float, at)
    async with image_registry(home / "cache", env=env, patience=PATIENCE, clock=clock, longest=longest) as registry:
        yield registry


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture(params=["memory", "oci"])
async def place(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Place]:
    if request.param == "memory":
        memory = MemoryRegistry()
        yield Place("registry.example/app", memory, partial(memory.push, "registry.example/app"))
        return
    host, path = request.getfixturevalue("oci_registry").host, f"t{uuid.uuid4().hex[:8]}/app"
    async with asked(home) as registry:
        yield Place(f"{host}/{path}", registry, partial(push_image, host, path))
