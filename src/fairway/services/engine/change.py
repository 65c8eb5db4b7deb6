"""One change to one release: what is to be carried out, decided before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from fairway.domain.errors import Terminal
from fairway.domain.health import HealthRule
from fairway.domain.manifests.objects import Object, ObjectKey
from fairway.domain.releases.notes import InventoryItem
from fairway.domain.releases.revision import HookEvent, Revision, Status
from fairway.domain.repository.models import Gate, Policy
from fairway.services.engine.content import Content


class Operation(StrEnum):
    """What Helm would call it; decides the pending status and the hooks."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    ROLLBACK = "rollback"


PENDING = {
    Operation.INSTALL: Status.PENDING_INSTALL,
    Operation.UPGRADE: Status.PENDING_UPGRADE,
    Operation.ROLLBACK: Status.PENDING_ROLLBACK,
}
BEFORE = {
    Operation.INSTALL: HookEvent.PRE_INSTALL,
    Operation.UPGRADE: HookEvent.PRE_UPGRADE,
    Operation.ROLLBACK: HookEvent.PRE_ROLLBACK,
}
AFTER = {
    Operation.INSTALL: HookEvent.POST_INSTALL,
    Operation.UPGRADE: HookEvent.POST_UPGRADE,
    Operation.ROLLBACK: HookEvent.POST_ROLLBACK,
}


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that carrying out needs; nothing is decided again on the way.

    `base` are the contents whose objects may exist: the deployed revision and the unfinished or failed ones since.
    `untouched` are objects that are in the cluster exactly as this content wants them: they are not applied again.
    """

    release: str
    namespace: str
    operation: Operation
    version: int
    content: Content
    live: Mapping[ObjectKey, Object]
    timeout: timedelta
    policy: Policy
    wait: bool = True
    base: tuple[Content, ...] = ()
    untouched: Mapping[ObjectKey, InventoryItem] = field(default_factory=dict)
    predecessors: tuple[Revision, ...] = ()
    """Stored revisions that are `deployed` now and become `superseded`."""
    expired: tuple[int, ...] = ()
    """Revisions that fall out of the history once this one is stored."""
    gates: tuple[Gate, ...] = ()
    health: tuple[HealthRule, ...] = ()
    """The release's own rules, before the built-in ones."""
    notes_to_self: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    first_deployed: object = None
    rollback_revision: int = 0
    """The revision that is gone back to; 0 when this is no rollback."""


class ChangeFailed(Terminal):
    """Carrying out failed; the failed revision is recorded. `lines` explain, `interrupted` means: by the user."""

    def __init__(self, message: str, lines: tuple[str, ...] = (), *, fix: str | None = None, stage: str = "") -> None:
        super().__init__(message, fix=fix)
        self.lines = lines
        self.stage = stage
