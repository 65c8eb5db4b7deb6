"""How an agent ends: first its work, then its leadership."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from fairway.services.agent.agent import Agent
from fairway.wiring.clock import SystemClock


class Quiet:
    """A branch on which nothing happens."""

    untrusted = ""

    async def look(self) -> bool:
        return True


class Leading:
    """Leads for as long as it runs."""

    def __init__(self, told: list[str]) -> None:
        self.leads = True
        self.holder = "me"
        self._told = told

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self._told.append("leadership given back")

    async def changed(self) -> None:
        await asyncio.Event().wait()


async def test_leadership_is_given_back_only_when_what_was_under_way_has_ended() -> None:
    told: list[str] = []
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            told.append("records in order")

    following: Any = Quiet()
    no_keepers: Any = None
    agent = Agent(
        lambda _: following,
        no_keepers,
        looks_after=lambda repository: repository.environments,
        leadership=Leading(told),
        clock=SystemClock(),
    )
    task = asyncio.create_task(agent.run(work))
    await begun.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert told == ["records in order", "leadership given back"]
