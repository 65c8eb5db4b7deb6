"""Where suspensions are kept: in the environment's own namespace of its cluster, or in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from fairway.domain.suspensions.suspension import Suspension


class Suspensions(Protocol):
    """The suspensions of the environments of one namespace. Errors: Transient (no answer), Forbidden.

    Two who change them at once lose nothing of each other's.
    """

    async def list(self, environment: str) -> tuple[Suspension, ...]:
        """Those of an environment as they are stored; ones whose time is over may be among them (`suspended`)."""
        ...

    async def add(self, suspensions: Sequence[Suspension]) -> None:
        """Store them all in one step; each takes the place of an earlier one of the same environment and release."""
        ...

    async def remove(self, environment: str, releases: Sequence[str]) -> tuple[Suspension, ...]:
        """Those that were stored for these releases, and now are no more; `""` is the environment's own."""
        ...


Suspended: TypeAlias = Callable[[str], Awaitable[tuple[Suspension, ...]]]
"""What those need who only honour suspensions: `Suspensions.list`, or several of them (`together`)."""


async def none_suspended(environment: str) -> tuple[Suspension, ...]:
    """For where nothing can be suspended."""
    return ()


def together(*sources: Suspended) -> Suspended:
    """The suspensions of several places as one: stored in the cluster, declared in a file, a freeze by the calendar."""

    async def all_of(environment: str) -> tuple[Suspension, ...]:
        found = await asyncio.gather(*(source(environment) for source in sources))
        return tuple(one for part in found for one in part)

    return all_of
