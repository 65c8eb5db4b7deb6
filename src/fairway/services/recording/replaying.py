"""From the spool into the ledger: what this process wrote, and what dead ones left behind.

Replaying twice, or two processes replaying at once, changes nothing: the ledger ignores what it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.record import StatusEntry
from fairway.domain.deployments.status import State
from fairway.services.recording.ports import Ledger, Spool

BATCH = 1000
"""Records per transaction."""

INTERRUPTED = "interrupted: the process that carried it out ended before it was finished; the next apply goes on"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did. `counted` are the status entries that the ledger had not known."""

    records: int = 0
    segments: int = 0
    unreadable: int = 0
    interrupted: int = 0
    counted: tuple[StatusEntry, ...] = ()


async def replay(spool: Spool, ledger: Ledger, *, now: Callable[[], datetime]) -> Replayed:
    """Write everything that is spooled into the ledger; segments of living processes are read and left in place.

    A deployment that a dead process had begun and not ended gets the outcome `error`. Raises what the ledger raises;
    what was not written stays spooled.
    """
    records = segments = unreadable = interrupted = 0
    counted: list[StatusEntry] = []
    for segment in spool.segments():
        contents = segment.read()
        orphans = [StatusEntry(id_, State.ERROR, now(), INTERRUPTED) for id_ in contents.orphans]
        for batch in _batches([*contents.records, *orphans]):
            counted += await ledger.write(batch)
        records += len(contents.records)
        segments += 1
        unreadable += contents.unreadable
        interrupted += len(orphans)
        if not segment.is_live:
            segment.discard()
    return Replayed(records, segments, unreadable, interrupted, tuple(counted))


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), BATCH):
        yield records[start : start + BATCH]
