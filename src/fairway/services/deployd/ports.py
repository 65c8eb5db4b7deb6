"""What deployd needs from outside, beside the queue: its cluster as a team sees it, and a memory of outcomes."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from fairway.domain.dispatch.taken import Taken
from fairway.services.engine.ports import Kube

__all__ = ["Outcomes", "Taken", "TeamIdentity"]


class TeamIdentity(Protocol):
    """Acts as the team's service account, so that Kubernetes decides what the team may do."""

    def acting_as(self, team: str) -> AbstractAsyncContextManager[Kube]:
        """The cluster as the team. Makes the service account when it is missing and that is allowed.

        Raises UserError for a team whose name can't be a service account's, Forbidden when deployd itself may not.
        """
        ...


class Outcomes(Protocol):
    """Implementations: memory, SQL. Durable when a method returns; away is Transient."""

    async def find(self, delivery_id: str) -> Taken | None: ...

    async def save(self, taken: Taken) -> None:
        """Remember how far it got. An outcome that is there stays as it is, whatever is saved later."""
        ...

    async def unreported(self) -> list[Taken]:
        """Those with an outcome that the queue may not have, oldest first."""
        ...

    async def forget(self, before: datetime) -> int:
        """Forget those that were taken before then and whose outcome was reported; returns how many."""
        ...

    async def close(self) -> None: ...
