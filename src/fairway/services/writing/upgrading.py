"""The upgrade that a change makes, when it makes one."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from fairway.domain.upgrades.upgrade import Upgrade
from fairway.domain.writing.messages import Written
from fairway.services.writing.changes import Change, Edited


@runtime_checkable
class _OfUpgrade(Protocol):
    @property
    def upgrade(self) -> Upgrade: ...


def upgrade_in(change: Change) -> Upgrade | None:
    """Known before the change is made; None for a hold or a revert."""
    return change.upgrade if isinstance(change, _OfUpgrade) else None


def told(edited: Edited) -> Written:
    return Written(edited.summary, edited.upgrade, edited.trailers)
