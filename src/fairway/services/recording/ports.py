"""What recording needs from outside: a ledger that is asked and written in bulk, and a spool that never says no.

The spool is the ledger's write-ahead log on this machine. Whoever needs the ledger's answers replays the spool first
(`recording.replaying`), so a process that only deploys never waits for a database, nor imports a driver for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from fairway.domain.deployments.journal import Contents, Record
from fairway.domain.deployments.query import Page, Query
from fairway.domain.deployments.record import StatusEntry, Story


class Ledger(Protocol):
    """The memory of all changes. Unreachable is `Transient`; a schema it can't work with is `UserError`."""

    async def write(self, records: Sequence[Record]) -> list[StatusEntry]:
        """Remember all of it in one transaction; returns the entries that moved a deployment on, in order.

        Idempotent: a run or deployment that is known is left as it is, an entry that does not lead forward
        (`domain.deployments.status`) is ignored, and so is one of a deployment that nobody has heard of. A deployment
        comes after its run, in this call or an earlier one. Safe with any number of writers.
        """
        ...

    async def find(self, query: Query) -> Page: ...

    async def starting_with(self, prefix: str, *, limit: int) -> list[Story]:
        """Deployments whose own id or whose run's id starts so, oldest first."""
        ...

    async def neighbours(self, ids: Iterable[str]) -> set[str]:
        """The ids next to each of these in the order of all ids, so that they can be shortened to what is unique."""
        ...

    async def close(self) -> None: ...


class Segment(Protocol):
    """One file of a spool. `is_live` while the process that writes it runs."""

    name: str
    is_live: bool

    def read(self) -> Contents: ...

    def discard(self) -> None:
        """Take it out of the spool, after its records are in the ledger; unreadable lines are set aside, not lost."""
        ...


class Spool(Protocol):
    """Keeps records on this machine until the ledger has them; survives the death of the process that wrote them."""

    def append(self, records: Sequence[Record]) -> None:
        """Kept when it returns, whatever happens to this process. Raises OSError when the disk refuses."""
        ...

    def rotate(self) -> None:
        """End the current segment, so that it can be replayed and discarded while this process goes on."""
        ...

    def segments(self) -> Iterator[Segment]:
        """Those of all processes, oldest first. One that nobody writes is held for the caller until the next step."""
        ...

    def size(self) -> int:
        """Bytes waiting."""
        ...

    def close(self) -> None: ...
