"""Where it is kept which repository may deploy as which team, and the trail of who changed that.

Implementations: memory, the ledger's database, S3 (object key `owner/repo`, body a JSON array of team slugs).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fairway.domain.access.registrations import AccessChange, ChangedMeanwhile, Registration

__all__ = ["AccessChange", "AccessStore", "AuditTrail", "ChangedMeanwhile", "Registration", "TeamAccess"]


class TeamAccess(Protocol):
    """What hookd asks for every request. Unreachable is Transient."""

    async def teams(self, repository: str) -> frozenset[str] | None:
        """Slugs in lower case; None when the repository is not registered. At most 30 seconds old."""
        ...


class AccessStore(Protocol):
    async def read(self, repository: str) -> Registration | None:
        """As it is stored now, unbuffered. The repository's name in any case."""
        ...

    async def write(self, repository: str, teams: Sequence[str], *, expected: str | None) -> Registration | None:
        """Store it where it still is at version `expected` (None: not registered); no teams takes it out.

        Raises ChangedMeanwhile, and then nothing was written.
        """
        ...

    async def search(self, text: str, *, limit: int) -> list[Registration]:
        """Registrations whose repository or a team contains the text, without regard to case; by repository."""
        ...


class AuditTrail(Protocol):
    """A change is written down before it is made, so that none is missing, whatever is killed in between."""

    async def begin(self, change: AccessChange) -> str:
        """Write it down as not certain; the key settles it."""
        ...

    async def settle(self, key: str, *, done: bool) -> None:
        """It was carried out; or it was not, and the line goes. What is settled already stays as it is."""
        ...

    async def add(self, change: AccessChange) -> None:
        """A change that was carried out already."""
        ...

    async def newest(self, *, repository: str = "", limit: int = 50) -> list[AccessChange]:
        """Newest first; of one repository, its name in any case, or of all."""
        ...
