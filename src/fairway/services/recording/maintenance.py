"""How the ledger is doing, for `fairway ledger status`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairway.domain.deployments.condition import DatabaseCondition


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """The database, and what waits for it on this machine."""

    database: DatabaseCondition
    spool: Path
    waiting_bytes: int
    waiting_files: int
    set_aside: tuple[Path, ...]
    """Files with lines that could not be read; a human decides."""
