"""Where it is kept which repository may deploy as which team, and the trail of who changed that.

Implementations: memory, the ledger's database, S3 (object key `owner/repo`, body a JSON array of team slugs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fairway.domain.errors import Terminal


@dataclass(frozen=True, slots=True)
class Registration:
    """Slugs as they were written, sorted; `version` is the store's own mark of this very state."""

    repository: str
    teams: tuple[str, ...]
    version: str


class ChangedMeanwhile(Terminal):
    """Somebody else changed the registration since it was read: read again, then decide again."""


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


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One line of the audit trail."""

    at: datetime
    who: str
    repository: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    via: str
    """`portal`, `cli`, `api`."""


class AuditTrail(Protocol):
    async def add(self, change: AccessChange) -> None: ...

    async def newest(self, *, repository: str = "", limit: int = 50) -> list[AccessChange]: ...
