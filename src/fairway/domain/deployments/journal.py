"""What a process writes down while it deploys, and what is left open when it dies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fairway.domain.deployments.record import Deployment, Run, StatusEntry
from fairway.domain.deployments.status import UNFINISHED

Record = Run | Deployment | StatusEntry


@dataclass(frozen=True, slots=True)
class Contents:
    """What a segment of a spool holds."""

    records: tuple[Record, ...]
    orphans: tuple[str, ...] = ()
    """Ids of deployments that its writer, which is dead, had opened and never ended."""
    unreadable: int = 0
    """Lines that are not ours or were cut off."""


class Open:
    """The deployments that were opened and have no outcome yet, oldest first."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids = dict.fromkeys(ids)

    def note(self, records: Iterable[Record]) -> None:
        for record in records:
            if isinstance(record, Deployment):
                self._ids[record.id] = None
            elif isinstance(record, StatusEntry) and record.state not in UNFINISHED:
                self._ids.pop(record.deployment_id, None)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._ids)
