"""The delivery log without a database: forgets with the process, and never holds more than it has room for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from fairway.domain.notifications.delivery import Delivery, DeliveryQuery, DeliveryState

ROOM = 1000


class MemoryDeliveryLog:
    def __init__(self, room: int = ROOM) -> None:
        self._deliveries: dict[str, Delivery] = {}
        self._room = room

    async def save(self, delivery: Delivery) -> None:
        self._deliveries[delivery.id] = delivery
        while len(self._deliveries) > self._room:
            del self._deliveries[min(self._deliveries)]

    async def find(self, query: DeliveryQuery) -> list[Delivery]:
        matching = (one for _, one in sorted(self._deliveries.items(), reverse=True) if _matches(one, query))
        return [one for one, _ in zip(matching, range(query.limit), strict=False)]

    async def starting_with(self, prefix: str, *, limit: int) -> list[Delivery]:
        return [one for id_, one in sorted(self._deliveries.items()) if id_.startswith(prefix)][:limit]

    async def references(self, channel: str, to: str, threads: Collection[str]) -> dict[str, Mapping[str, str]]:
        found: dict[str, Mapping[str, str]] = {}
        for _, one in sorted(self._deliveries.items()):
            there = (one.channel, one.to) == (channel, to) and one.state is DeliveryState.DELIVERED
            if there and one.thread in threads and one.reference:
                found.setdefault(one.thread, one.reference)
        return found

    async def forget(self, before: datetime) -> int:
        old = [id_ for id_, one in self._deliveries.items() if one.at < before]
        for id_ in old:
            del self._deliveries[id_]
        return len(old)

    async def close(self) -> None:
        """Nothing to do."""


def _matches(delivery: Delivery, query: DeliveryQuery) -> bool:
    return (
        (not query.channel or delivery.channel == query.channel)
        and (not query.states or delivery.state in query.states)
        and (not query.before or delivery.id < query.before)
    )
