"""Team access without a database: known to this process alone, and gone with it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from fairway.domain.access.names import team_slugs
from fairway.domain.access.registrations import AccessChange, ChangedMeanwhile, Registration


class MemoryAccess:
    """Implements `services.access.ports.AccessStore`."""

    def __init__(self) -> None:
        self._kept: dict[str, Registration] = {}
        self._versions = itertools.count(1)

    async def read(self, repository: str) -> Registration | None:
        return self._kept.get(repository.lower())

    async def write(self, repository: str, teams: Sequence[str], *, expected: str | None) -> Registration | None:
        key = repository.lower()
        now = self._kept.get(key)
        if (now.version if now else None) != expected:
            raise ChangedMeanwhile(f"the registration of {repository} was changed meanwhile", fix="look at it again")
        if not teams:
            self._kept.pop(key, None)
            return None
        name = now.repository if now else repository
        self._kept[key] = Registration(name, team_slugs(teams), str(next(self._versions)))
        return self._kept[key]

    async def search(self, text: str, *, limit: int) -> list[Registration]:
        wanted = text.strip().lower()
        found = (
            one
            for key, one in sorted(self._kept.items())
            if wanted in key or any(wanted in team.lower() for team in one.teams)
        )
        return list(itertools.islice(found, limit))


class MemoryTrail:
    """Implements `services.access.ports.AuditTrail`."""

    def __init__(self) -> None:
        self._changes: dict[str, AccessChange] = {}
        self._keys = itertools.count(1)

    async def begin(self, change: AccessChange) -> str:
        key = str(next(self._keys))
        self._changes[key] = replace(change, certain=False)
        return key

    async def settle(self, key: str, *, done: bool) -> None:
        change = self._changes.get(key)
        if change is None or change.certain:
            return
        if done:
            self._changes[key] = replace(change, certain=True)
        else:
            del self._changes[key]

    async def add(self, change: AccessChange) -> None:
        self._changes[str(next(self._keys))] = change

    async def newest(self, *, repository: str = "", limit: int = 50) -> list[AccessChange]:
        wanted = repository.lower()
        found = [
            (change.at, int(key), change)
            for key, change in self._changes.items()
            if not wanted or change.repository.lower() == wanted
        ]
        return [change for _, _, change in sorted(found, key=lambda one: one[:2], reverse=True)[:limit]]
