"""What the agent needs from outside. Each has an implementation without a network that is a real default."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from fairway.domain.agent.report import AgentReport
from fairway.domain.repository.head import Head as Head


class Source(Protocol):
    """The deployments repository as the agent sees it. Errors: Transient (no answer), UserError (login, no branch)."""

    async def fetch(self) -> Head:
        """Ask the remote; what is known already is not sent again."""
        ...

    async def checkout(self, commit: str) -> Path:
        """The repository's folder with exactly the files of a fetched commit; the same folder each time, changed in
        place by what differs. Never while somebody reads there."""
        ...

    async def changed(self, old: str, new: str) -> frozenset[str] | None:
        """Paths, relative to the top, that differ between two commits; None when `old` is not known (any more)."""
        ...

    async def verify(self, commit: str) -> None:
        """Raises Refused when signatures are asked for and the commit has no good one; says whose key is missing."""
        ...


class Leadership(Protocol):
    """One of several agents acts at a time; here, one process: always; in a cluster: a Lease."""

    @property
    def leads(self) -> bool: ...

    @property
    def holder(self) -> str:
        """Who leads, as far as known."""
        ...

    async def run(self) -> None:
        """Acquire, renew and acquire again, until cancelled; then the lease is given back."""
        ...

    async def changed(self) -> None:
        """Returns when `leads` changed."""
        ...


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def sleep(self, length: timedelta) -> None: ...


class Reports(Protocol):
    """What agents say of their environments, kept beside the ledger. Errors: Transient, UserError."""

    async def save(self, reports: Sequence[AgentReport]) -> None:
        """The last word about these environments; earlier ones are forgotten."""
        ...

    async def of(self, repository: str) -> list[AgentReport]:
        """Of all environments of a repository (`notes.SOURCE`), by name."""
        ...

    async def close(self) -> None: ...
