"""Drift that is only reported, as news: which objects, and who wrote to them. Values are never in it."""

from __future__ import annotations

from datetime import datetime

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.services.engine.previewing import changed_by
from fairway.services.watching.drift_watch import Drift, DriftedObject

LONGEST = 20
"""Objects that are named."""


def drift_found(drift: Drift, *, id: str, at: datetime) -> Happening:
    """One event for all that is off in one release now."""
    environment, release, objects = drift.environment, drift.release, drift.objects
    number = "1 object is" if len(objects) == 1 else f"{len(objects)} objects are"
    lines = [_line(one) for one in objects[:LONGEST]]
    if len(objects) > LONGEST:
        lines.append(f"and {len(objects) - LONGEST} more")
    return Happening(
        id=id,
        kind=EventKind.DRIFT_FOUND,
        at=at,
        title=f"{environment.name}/{release.name}: {number} no longer as applied",
        severity=Severity.WARNING,
        lines=(*lines, f"look: fairway drift {environment.name} -r {release.name}"),
        environment=environment.name,
        release=release.name,
        cluster=environment.cluster.name,
        owner=release.owner,
    )


def _line(one: DriftedObject) -> str:
    how = "was deleted" if one.live is None else changed_by(one.live) or "was changed"
    return f"{one.ref}: {how}"
