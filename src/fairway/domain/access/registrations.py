"""What is kept of a repository that may deploy, and of every change to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fairway.domain.errors import Terminal


@dataclass(frozen=True, slots=True)
class Registration:
    """Slugs as they were written, sorted; `version` is the store's own mark of this very state."""

    repository: str
    teams: tuple[str, ...]
    version: str


class ChangedMeanwhile(Terminal):
    """Somebody else changed the registration since it was read: read again, then decide again."""


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
    certain: bool = True
    """False: it was begun, and whoever did it never said that it was carried out."""
