"""A drift watch over a namespace in memory, and what it named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support.engine import Declared, World, memory_world

from fairway.services.watching.drift_watch import Drift, DriftWatch

SETTLE = 0.02
ROUNDS = 12
"""How many settling times a test waits to see that nothing is named."""


@dataclass
class Watching:
    """`named` and `reported` grow as the watch speaks."""

    world: World
    watch: DriftWatch
    named: list[tuple[str, str]] = field(default_factory=list)
    reported: list[Drift] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    async def over(self, *declared: Declared) -> None:
        """What the agent does after a pass."""
        environment = self.world.environment(declared)
        self.watch.watching(environment, await self.world.session.store.summaries(self.world.namespace))

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await asyncio.sleep(SETTLE / 2)

    async def a_while(self) -> None:
        await asyncio.sleep(SETTLE * ROUNDS)


@asynccontextmanager
async def open_watching(world: World, *, store: Any = None, **options: Any) -> AsyncIterator[Watching]:
    told = Watching(world, None)  # type: ignore[arg-type]
    told.watch = DriftWatch(
        world.kube,
        store or world.session.store,
        on_report=told.reported.append,
        on_problem=told.problems.append,
        settle=SETTLE,
        **options,
    )
    task = asyncio.create_task(told.watch.run(lambda environment, release: told.named.append((environment, release))))
    try:
        yield told
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def watching() -> AsyncIterator[Watching]:
    async with open_watching(memory_world()) as told:
        yield told
