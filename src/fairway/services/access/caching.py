"""What hookd asks for every request, answered from memory for a short while.

The rule not to break: only what lets a request through is remembered, never a refusal and never a failure, so that
whoever registers a repository can deploy at once; and nothing is remembered for longer than half a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fairway.domain.access.names import lowered
from fairway.services.access.options import CACHE_SECONDS, LONGEST_CACHE
from fairway.services.access.ports import AccessStore

MOST_REMEMBERED = 10_000


class RememberedAccess:
    """A `TeamAccess` over a store. Those who ask for one repository at the same time share one question."""

    def __init__(
        self, store: AccessStore, seconds: float = CACHE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._seconds = max(0.0, min(seconds, LONGEST_CACHE))
        self._clock = clock
        self._known: dict[str, tuple[float, frozenset[str]]] = {}
        self._asking: dict[str, asyncio.Task[frozenset[str] | None]] = {}

    async def teams(self, repository: str) -> frozenset[str] | None:
        key = repository.lower()
        known = self._known.get(key)
        if known and self._clock() - known[0] < self._seconds:
            return known[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.create_task(self._ask(key, repository))
            self._asking[key] = asking
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        # Whoever goes away does not take the answer from the others.
        return await asyncio.shield(asking)

    def forget(self, repository: str) -> None:
        """It was just changed by this process."""
        self._known.pop(repository.lower(), None)

    async def _ask(self, key: str, repository: str) -> frozenset[str] | None:
        asked_at = self._clock()
        self._known.pop(key, None)
        found = await self._store.read(repository)
        if found is None:
            return None
        teams = lowered(found.teams)
        if self._seconds:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = (asked_at, teams)
        return teams
