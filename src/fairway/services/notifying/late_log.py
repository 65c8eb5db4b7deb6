"""A delivery log that is opened when it is first needed, and again after it was away: nobody waits for a database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from fairway.domain.notifications.delivery import Delivery, DeliveryQuery
from fairway.services.notifying.ports import DeliveryLog


class LateDeliveryLog:
    """Raises what opening raises, each time that it is asked."""

    def __init__(self, open_: Callable[[], Awaitable[DeliveryLog]]) -> None:
        self._open = open_
        self._opened: DeliveryLog | None = None
        self._lock = asyncio.Lock()

    async def save(self, delivery: Delivery) -> None:
        await (await self._log()).save(delivery)

    async def find(self, query: DeliveryQuery) -> list[Delivery]:
        return await (await self._log()).find(query)

    async def starting_with(self, prefix: str, *, limit: int) -> list[Delivery]:
        return await (await self._log()).starting_with(prefix, limit=limit)

    async def references(self, channel: str, to: str, threads: Collection[str]) -> dict[str, Mapping[str, str]]:
        return await (await self._log()).references(channel, to, threads)

    async def forget(self, before: datetime) -> int:
        return await (await self._log()).forget(before)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def _log(self) -> DeliveryLog:
        async with self._lock:
            if self._opened is None:
                self._opened = await self._open()
            return self._opened
