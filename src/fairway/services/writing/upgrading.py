"""The upgrade that a change makes, when it makes one, and how far a change goes."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from fairway.domain.upgrades.upgrade import Level, Upgrade
from fairway.domain.writing.messages import Written
from fairway.services.writing.changes import Change, Edited


@runtime_checkable
class _OfUpgrade(Protocol):
    @property
    def upgrade(self) -> Upgrade: ...


def upgrade_in(change: Change) -> Upgrade | None:
    """Known before the change is made; None for a hold or a revert."""
    return change.upgrade if isinstance(change, _OfUpgrade) else None


@runtime_checkable
class _WithLevel(Protocol):
    @property
    def level(self) -> Level: ...


def level_in(change: Change) -> Level | None:
    """Of an upgrade, or of the upgrade that is taken back; None for a hold."""
    if isinstance(change, _WithLevel):
        return change.level
    upgrade = upgrade_in(change)
    return upgrade.level if upgrade is not None else None


def told(edited: Edited) -> Written:
    return Written(edited.summary, edited.upgrade, edited.trailers, edited.why)
