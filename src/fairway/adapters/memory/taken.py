"""What a deployd remembers without a database: it is gone with the process."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fairway.domain.dispatch.taken import Taken


class MemoryOutcomes:
    """Implements `services.deployd.ports.Outcomes`."""

    def __init__(self) -> None:
        self._taken: dict[str, Taken] = {}

    async def find(self, delivery_id: str) -> Taken | None:
        return self._taken.get(delivery_id)

    async def save(self, taken: Taken) -> None:
        before = self._taken.get(taken.delivery_id)
        if before is not None and before.outcome is not None:
            taken = replace(before, reported=before.reported or taken.reported)
        self._taken[taken.delivery_id] = taken

    async def unreported(self) -> list[Taken]:
        found = [one for one in self._taken.values() if one.outcome is not None and not one.reported]
        return sorted(found, key=lambda one: (one.at, one.delivery_id))

    async def forget(self, before: datetime) -> int:
        old = [one.delivery_id for one in self._taken.values() if one.reported and one.at < before]
        for delivery_id in old:
            del self._taken[delivery_id]
        return len(old)

    async def close(self) -> None:
        return
