"""What can be said of a ledger's database without changing it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseCondition:
    """`address` has no password. `problem` is empty when it answered."""

    address: str
    schema: str = ""
    """The schema found; empty for a database without a ledger, and for `none`."""
    schema_wanted: str = ""
    deployments: int = 0
    unfinished: int = 0
    oldest: str = ""
    """The id of the oldest deployment; empty when there is none."""
    problem: str = ""
    fix: str = ""
