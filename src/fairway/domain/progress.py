"""What happens while releases are carried out, as data: the engine emits these, and any front end may show them.

For each environment of a run: one `RunStarted`, then for each release `ReleaseStarted`, any number of `Phase`s and one
`ReleaseFinished`, then one `RunFinished`. A release that has nothing to do, or is not started, has only its
`ReleaseFinished`. Environments may run at the same time, hence the environment on each event. The rule not to break: a
reporter never raises and never waits, because it is called in the middle of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from fairway.domain.errors import Position, Severity
from fairway.domain.releases.state import Action


class PhaseKind(StrEnum):
    """Where a release is; the value reads well after its name."""

    QUEUED = "waits"
    RENDERING = "rendering"
    PLANNING = "comparing"
    HOOKS = "running hooks"
    CRDS = "applying CRDs"
    APPLYING = "applying"
    WAITING = "waiting"
    PRUNING = "removing"
    TESTING = "testing"
    RECORDING = "recording"
    ROLLING_BACK = "rolling back"
    UNINSTALLING = "uninstalling"


class Outcome(StrEnum):
    """How a release ended in this run; the value reads well after its name."""

    UNCHANGED = "unchanged"
    SUSPENDED = "suspended"
    INSTALLED = "installed"
    UPGRADED = "upgraded"
    CORRECTED = "corrected"
    ROLLED_BACK = "rolled back"
    UNINSTALLED = "uninstalled"
    TESTED = "tests passed"
    FAILED = "failed"
    REFUSED = "refused"
    SKIPPED = "not started"
    INTERRUPTED = "interrupted"

    @property
    def is_bad(self) -> bool:
        return self in _BAD

    @property
    def is_quiet(self) -> bool:
        """Nothing was done, and nothing had to be."""
        return self in _QUIET


_QUIET = frozenset({Outcome.UNCHANGED, Outcome.SUSPENDED})
_BAD = frozenset({Outcome.FAILED, Outcome.REFUSED, Outcome.SKIPPED, Outcome.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The header of one environment. `counts` says how many releases each action awaits, as far as known."""

    environment: str
    cluster: str
    namespace: str
    releases: tuple[str, ...]
    """All releases of the run in declared order: the order of the rows."""
    commit: str = ""
    subject: str = ""
    counts: Mapping[Action, int] = field(default_factory=dict)
    dirty: bool = False
    """Files differ from the commit."""
    operation: str = "apply"
    """`apply`, `rollback`, `uninstall`, `test`, …"""
    suspended: int = 0
    """How many releases are left alone; they are not in `counts`."""


@dataclass(frozen=True, slots=True)
class ReleaseStarted:
    """Work on a release begins. `before` and `after` are chart versions, empty when there is none."""

    environment: str
    release: str
    action: Action
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """What a release does now, or what it waits for: `detail` is for people, e.g. `2 of 3 pods ready`."""

    environment: str
    release: str
    kind: PhaseKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseFinished:
    """How a release ended. `elapsed` is in seconds, `revision` the stored one (0 when none was stored)."""

    environment: str
    release: str
    outcome: Outcome
    revision: int = 0
    elapsed: float = 0.0
    before: str = ""
    after: str = ""
    reasons: tuple[str, ...] = ()
    """Lines for people, most important first; deeper lines (log output) begin with spaces."""
    kept_revision: int = 0
    """The revision that runs after a failure, 0 when nothing does."""
    rollback_elapsed: float | None = None
    """Seconds that going back to `kept_revision` took; None when nothing had to be rolled back."""
    where: Position | None = None
    """The place in the repository that the failure is about, when there is one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth saying that does not end anything, e.g. that the ledger can't be reached."""

    text: str
    severity: Severity = Severity.WARNING
    environment: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The end of one environment. `elapsed` is in seconds."""

    environment: str
    counts: Mapping[Outcome, int]
    elapsed: float = 0.0
    deployment: str = ""
    """The ledger's id, whole; a front end shortens it."""
    next_steps: tuple[tuple[str, str], ...] = ()
    """(what for, command): `("try again", "fairway apply prod -r web,checkout")`."""
    exit_code: int = 0
    interrupted: bool = False


Event: TypeAlias = RunStarted | ReleaseStarted | Phase | ReleaseFinished | Notice | RunFinished
Reporter: TypeAlias = Callable[[Event], None]


def silent(_event: Event) -> None:
    """The reporter for those who don't want to know."""
