"""What can be asked of the ledger, and what comes back: newest first, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fairway.domain.deployments.record import Story
from fairway.domain.deployments.status import State


@dataclass(frozen=True, slots=True)
class Query:
    """All conditions hold together; an empty one does not restrict."""

    environment: str = ""
    release: str = ""
    run_id: str = ""
    delivery_id: str = ""
    states: frozenset[State] = frozenset()
    since: datetime | None = None
    """Only what was accepted at or after this time."""
    before: str = ""
    """Only ids below this one: the `next` of the page before."""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `next` goes into `Query.before` for the following page; empty on the last."""

    stories: tuple[Story, ...]
    next: str = ""
