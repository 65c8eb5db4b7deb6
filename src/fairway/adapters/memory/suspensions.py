"""Suspensions of one process: what is suspended is forgotten at its end."""

from __future__ import annotations

from collections.abc import Sequence

from fairway.domain.suspensions.suspension import Suspension


class MemorySuspensions:
    """See `services.suspending.ports.Suspensions`."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Suspension] = {}

    async def list(self, environment: str) -> tuple[Suspension, ...]:
        return tuple(one for (kept, _), one in sorted(self._kept.items()) if kept == environment)

    async def add(self, suspensions: Sequence[Suspension]) -> None:
        self._kept.update({(one.environment, one.release): one for one in suspensions})

    async def remove(self, environment: str, releases: Sequence[str]) -> tuple[Suspension, ...]:
        gone = (self._kept.pop((environment, release), None) for release in dict.fromkeys(releases))
        return tuple(one for one in gone if one is not None)
