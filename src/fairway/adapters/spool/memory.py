"""The spool of a process that has no disk to write to, or no ledger that outlives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairway.domain.deployments.journal import Contents, Record


class MemorySegment:
    """All records at once."""

    name = "memory"
    is_live = False

    def __init__(self, records: list[Record]) -> None:
        self._records = records
        self._read = 0

    def read(self) -> Contents:
        self._read = len(self._records)
        return Contents(tuple(self._records))

    def discard(self) -> None:
        del self._records[: self._read]


class MemorySpool:
    """Loses everything with the process; nothing in it is ever orphaned."""

    def __init__(self) -> None:
        self._records: list[Record] = []

    def append(self, records: Sequence[Record]) -> None:
        self._records += records

    def rotate(self) -> None:
        """Nothing to do: what was read can be discarded while more is appended."""

    def segments(self) -> Iterator[MemorySegment]:
        if self._records:
            yield MemorySegment(self._records)

    def size(self) -> int:
        """Records, for want of bytes: enough to see whether anything waits."""
        return len(self._records)

    def close(self) -> None:
        """Nothing to do."""
