"""Registered, and still a team of the repository: GitHub is asked at every deployment, or nearly.

The rule not to break: this only ever takes away; what is not registered is refused without asking GitHub.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from fairway.services.access.ports import TeamAccess

REMEMBERED_SECONDS = 60.0
MOST_REMEMBERED = 10_000


class RepositoryTeams(Protocol):
    async def of(self, repository: str) -> frozenset[str]:
        """Slugs in lower case of the teams with access to it at GitHub; none when it is not there. Silence is
        Transient."""
        ...


class EnforcedAccess:
    """A `TeamAccess` over another one."""

    def __init__(
        self,
        registered: TeamAccess,
        at_github: RepositoryTeams,
        seconds: float = REMEMBERED_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registered = registered
        self._at_github = at_github
        self._seconds = seconds
        self._clock = clock
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    async def teams(self, repository: str) -> frozenset[str] | None:
        registered = await self._registered.teams(repository)
        if not registered:
            return registered
        return registered & await self._of(repository.lower(), repository)

    async def _of(self, key: str, repository: str) -> frozenset[str]:
        known = self._known.get(key)
        if known and self._clock() - known[0] < self._seconds:
            return known[1]
        asked_at = self._clock()
        found = await self._at_github.of(repository)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = (asked_at, found)
        return found
