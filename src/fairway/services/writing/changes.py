"""What somebody wants written into the deployments repository, as something that can be made again.

The rule not to break: a change carries no edited bytes. It is made on the newest files, and made again after a lost
race, so that nobody else's commit is ever undone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fairway.domain.errors import FairwayError
from fairway.domain.repository.models import Repository
from fairway.domain.upgrades.upgrade import Upgrade


@dataclass(frozen=True, slots=True)
class Edited:
    """What a change did to the files."""

    files: tuple[Path, ...]
    """Absolute; below the repository's folder."""
    summary: str
    """One line for the message: `web 1.9.0 → 1.9.1 (prod)`."""
    upgrade: Upgrade | None = None
    trailers: tuple[tuple[str, str], ...] = ()
    """Git trailers, e.g. ("Fairway-Upgrade", "prod/web image.tag 1.9.0 1.9.1")."""
    why: str = ""
    """Of a hold or a revert, in one line; an upgrade says it itself."""


class Change(Protocol):
    """One change of the files."""

    @property
    def key(self) -> str:
        """`prod/web image.tag`; a later change with the same key takes the place of an earlier unwritten one."""
        ...

    @property
    def environment(self) -> str: ...

    @property
    def release(self) -> str: ...

    async def make(self, repository: Repository) -> Edited | None:
        """Edit the files below `repository.root`. None when they are already so, or the change no longer makes sense.

        Raises FairwayError (CannotEdit with file:line) when it cannot be made safely; the files are then untouched.
        """
        ...


@dataclass(frozen=True, slots=True)
class Failed:
    """A change that was not written."""

    change: Change
    error: FairwayError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one round of writing. `commit` is empty when there was nothing to write."""

    commit: str = ""
    branch: str = ""
    subject: str = ""
    url: str = ""
    """The commit's or pull request's page."""
    pull_request: int | None = None
    edited: tuple[Edited, ...] = ()
    failed: tuple[Failed, ...] = field(default=())
    attempts: int = 1
    """Pushes that it took."""
    unchanged: bool = False
    """A pull request that was so already."""
    closed: tuple[int, ...] = ()
    """Pull requests that were closed, because nothing was left of them."""
    notes: tuple[str, ...] = ()
    """What the forge would not do although it was wished, e.g. ask somebody for a review."""
