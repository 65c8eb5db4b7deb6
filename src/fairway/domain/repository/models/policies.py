"""How far Fairway may go, and who answers for a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DriftMode(StrEnum):
    IGNORE = "ignore"
    REPORT = "report"
    CORRECT = "correct"


class CrdPolicy(StrEnum):
    CREATE = "create"
    UPGRADE = "upgrade"
    SKIP = "skip"


class ImmutablePolicy(StrEnum):
    """What to do when a change touches a field that Kubernetes never changes in place."""

    REFUSE = "refuse"
    REPLACE = "replace"


class FailurePolicy(StrEnum):
    """What follows a failed upgrade: the previous revision again, or the failed one left for a human."""

    ROLLBACK = "rollback"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Differences that are not drift: JSON pointers in objects that match kind, name and namespace (each a glob)."""

    pointers: tuple[str, ...]
    kind: str = "*"
    name: str = "*"
    namespace: str = "*"


@dataclass(frozen=True, slots=True)
class Policy:
    """How far Fairway may go. Merged field by field: built-in < environment < release."""

    drift: DriftMode = DriftMode.CORRECT
    drift_ignore: tuple[IgnoreRule, ...] = ()
    crds: CrdPolicy = CrdPolicy.CREATE
    immutable: ImmutablePolicy = ImmutablePolicy.REFUSE
    adopt: bool = False
    on_failure: FailurePolicy = FailurePolicy.ROLLBACK
    retries: int = 0
    history: int = 10
    prune_max_releases: float = 0.5
    """Share of an environment's releases that one run may uninstall without an explicit yes; 0 to 1."""
    prune_max_objects: float = 0.5
    prune: bool = True
    """Whether releases that are no longer declared are uninstalled at all."""


@dataclass(frozen=True, slots=True)
class Owner:
    team: str | None = None
    squad: str | None = None
    slack: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
