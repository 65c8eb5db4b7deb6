"""What deployd needs from outside, beside the queue: its cluster as a team sees it, and a memory of outcomes."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fairway.domain.dispatch.statuses import DeploymentStatus
from fairway.services.engine.ports import Kube


class TeamIdentity(Protocol):
    """Acts as the team's service account, so that Kubernetes decides what the team may do."""

    def acting_as(self, team: str) -> AbstractAsyncContextManager[Kube]:
        """The cluster as the team. Makes the service account when it is missing and that is allowed.

        Raises UserError for a team whose name can't be a service account's, Forbidden when deployd itself may not.
        """
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that this deployd has begun with, and how it ended, if it has."""

    delivery_id: str
    at: datetime
    applied: tuple[str, ...] = ()
    """Objects that were applied when it got so far, as `Kind namespace/name`."""
    watching_since: datetime | None = None
    """When everything had been applied: a restart goes on watching from there."""
    outcome: DeploymentStatus | None = None
    reported: bool = False
    """The queue has the outcome."""


class Outcomes(Protocol):
    """Implementations: memory, SQL. Durable when a method returns; away is Transient."""

    async def find(self, delivery_id: str) -> Taken | None: ...

    async def save(self, taken: Taken) -> None: ...

    async def unreported(self) -> list[Taken]: ...

    async def forget(self, before: datetime) -> int: ...

    async def close(self) -> None: ...
