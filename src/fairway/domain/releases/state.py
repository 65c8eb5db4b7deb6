"""What state a release is in, and the one action that follows.

`classify` looks at one immutable observation and names exactly one state; `ACTIONS` maps every state to exactly one
action. The table in docs/spec/releases.md is generated from `MEANING` and `ACTIONS`, and a test checks that they match.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fairway.domain.releases.revision import Status


class ReleaseState(StrEnum):
    ABSENT = "Absent"
    CURRENT = "Current"
    OUTDATED = "Outdated"
    DRIFTED = "Drifted"
    FAILED = "Failed"
    PENDING = "Pending"
    FOREIGN = "Foreign"
    UNWANTED = "Unwanted"
    SUSPENDED = "Suspended"
    STALLED = "Stalled"


class Action(StrEnum):
    INSTALL = "install"
    NOTHING = "nothing"
    UPGRADE = "upgrade"
    CORRECT = "correct"
    RETRY = "retry"
    RECOVER = "recover"
    REFUSE = "refuse"
    UNINSTALL = "uninstall"
    ROLLBACK = "rollback"
    """Asked for by name, or what follows a failed upgrade; no state leads to it by itself."""
    TEST = "test"
    """Asked for by name."""


MEANING: dict[ReleaseState, str] = {
    ReleaseState.ABSENT: "declared, and nothing of it is in the cluster",
    ReleaseState.CURRENT: "the stored inputs digest equals the declared one, and every object is as it was applied",
    ReleaseState.OUTDATED: "deployed from other inputs than those declared now, or by another tool",
    ReleaseState.DRIFTED: "the inputs are unchanged, but objects in the cluster were changed or deleted",
    ReleaseState.FAILED: "the newest revision failed",
    ReleaseState.PENDING: "the newest revision is unfinished: left by a crash, or held by another writer",
    ReleaseState.FOREIGN: "objects that it declares belong to another release, or to nobody",
    ReleaseState.UNWANTED: "in the cluster, deployed by Fairway for this environment, and no longer declared",
    ReleaseState.SUSPENDED: "left alone until somebody resumes it",
    ReleaseState.STALLED: "these very inputs failed as often as the policy allows; new inputs or a human clear it",
}

ACTIONS: dict[ReleaseState, Action] = {
    ReleaseState.ABSENT: Action.INSTALL,
    ReleaseState.CURRENT: Action.NOTHING,
    ReleaseState.OUTDATED: Action.UPGRADE,
    ReleaseState.DRIFTED: Action.CORRECT,
    ReleaseState.FAILED: Action.RETRY,
    ReleaseState.PENDING: Action.RECOVER,
    ReleaseState.FOREIGN: Action.REFUSE,
    ReleaseState.UNWANTED: Action.UNINSTALL,
    ReleaseState.SUSPENDED: Action.NOTHING,
    ReleaseState.STALLED: Action.NOTHING,
}


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything that decides about one release, gathered before the decision.

    `declared_digest` is None when the release is not declared; `stored_digest` is None when the newest revision was
    written by another tool. `provable` is False when equal digests prove nothing (the chart calls `lookup`).
    `stalled`: the declared inputs failed more often than the policy's retries, and nobody insists.
    """

    declared_digest: str | None
    status: Status | None = None
    stored_digest: str | None = None
    provable: bool = True
    drifted: bool = False
    foreign: bool = False
    suspended: bool = False
    stalled: bool = False


def classify(seen: Observation) -> ReleaseState:
    """Name the state. The order of the questions matters and is the order of the table in the docs."""
    if seen.suspended:
        return ReleaseState.SUSPENDED
    present = seen.status is not None and seen.status is not Status.UNINSTALLED
    if present and seen.status is not None and seen.status.is_pending:
        return ReleaseState.PENDING
    if seen.declared_digest is None:
        return ReleaseState.UNWANTED if present else ReleaseState.CURRENT
    if seen.stalled:
        return ReleaseState.STALLED
    if seen.foreign:
        return ReleaseState.FOREIGN
    if not present:
        return ReleaseState.ABSENT
    if seen.status is Status.FAILED:
        return ReleaseState.FAILED
    if seen.stored_digest != seen.declared_digest or not seen.provable:
        return ReleaseState.OUTDATED
    return ReleaseState.DRIFTED if seen.drifted else ReleaseState.CURRENT
