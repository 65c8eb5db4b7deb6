"""How far a deployd got with a request: what a successor goes on from.

The rule not to break: an outcome, once set, is never replaced by another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fairway.domain.dispatch.statuses import DeploymentStatus


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that this deployd has begun with, and how it ended, if it has. Times are UTC."""

    delivery_id: str
    at: datetime
    applied: tuple[str, ...] = ()
    """Objects that were applied when it got so far, as `Kind namespace/name`."""
    watching_since: datetime | None = None
    """When everything had been applied: a restart goes on watching from there."""
    outcome: DeploymentStatus | None = None
    reported: bool = False
    """The queue has the outcome."""
