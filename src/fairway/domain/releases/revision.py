"""A revision as Helm stores it, as plain data. The wire form lives in `domain.releases.record`.

Source: Helm's `release/v1` package; see docs/spec/records.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Helm's release states, spelled as Helm stores them."""

    UNKNOWN = "unknown"
    DEPLOYED = "deployed"
    UNINSTALLED = "uninstalled"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    UNINSTALLING = "uninstalling"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"

    @property
    def is_pending(self) -> bool:
        return self in _PENDING


_PENDING = frozenset({Status.PENDING_INSTALL, Status.PENDING_UPGRADE, Status.PENDING_ROLLBACK, Status.UNINSTALLING})


class HookEvent(StrEnum):
    PRE_INSTALL = "pre-install"
    POST_INSTALL = "post-install"
    PRE_UPGRADE = "pre-upgrade"
    POST_UPGRADE = "post-upgrade"
    PRE_ROLLBACK = "pre-rollback"
    POST_ROLLBACK = "post-rollback"
    PRE_DELETE = "pre-delete"
    POST_DELETE = "post-delete"
    TEST = "test"


class HookDeletePolicy(StrEnum):
    BEFORE_CREATION = "before-hook-creation"
    SUCCEEDED = "hook-succeeded"
    FAILED = "hook-failed"


@dataclass(frozen=True, slots=True)
class HookRun:
    """When a hook last ran and how it ended; `phase` is Helm's: Unknown, Running, Succeeded, Failed."""

    started_at: datetime | None = None
    completed_at: datetime | None = None
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook document of a chart, with its manifest text as rendered."""

    name: str
    kind: str
    path: str
    manifest: str
    events: tuple[HookEvent, ...]
    weight: int = 0
    delete_policies: tuple[HookDeletePolicy, ...] = (HookDeletePolicy.BEFORE_CREATION,)
    output_log_policies: tuple[str, ...] = ()
    last_run: HookRun = HookRun()


@dataclass(frozen=True, slots=True)
class Revision:
    """One stored outcome of a release.

    `chart` is the chart as Helm keeps it in the record (metadata, lock, templates, values, schema, files).
    `notes_to_self` are Fairway's own annotations on the storage object (inputs digest, inventory, holder):
    strings, readable without decoding the record, and lost without harm when `helm` writes the next revision.
    """

    name: str
    namespace: str
    version: int
    status: Status
    manifest: str
    config: Mapping[str, Any] = field(default_factory=dict)
    chart: Mapping[str, Any] = field(default_factory=dict)
    hooks: tuple[Hook, ...] = ()
    first_deployed: datetime | None = None
    last_deployed: datetime | None = None
    deleted: datetime | None = None
    description: str = ""
    notes: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    notes_to_self: Mapping[str, str] = field(default_factory=dict)
    apply_method: str = "ssa"
    helm_readable: bool = True
    rollback_revision: int = 0
    """The revision that this one went back to; 0 when it is no rollback. Helm shows it since 4.3."""

    @property
    def chart_label(self) -> str:
        """`name-version` of the chart, as `helm list` prints it."""
        metadata = self.chart.get("metadata") or {}
        return f"{metadata.get('name', '')}-{metadata.get('version', '')}"


@dataclass(frozen=True, slots=True)
class RevisionSummary:
    """What a metadata-only list tells of a stored revision: one request for a whole namespace."""

    name: str
    namespace: str
    version: int
    status: Status
    modified: datetime | None
    created: datetime | None
    notes_to_self: Mapping[str, str]
    uid: str
    resource_version: str
    helm_readable: bool = True
