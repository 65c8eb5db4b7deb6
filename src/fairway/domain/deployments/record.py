"""What the ledger remembers of one requested change, whichever door it came through.

A `Run` is one call through a door (an `apply`, a webhook delivery, a reconcile) and groups deployments; a `Deployment`
is the request for one release, never changed once written; `StatusEntry` is one line of its append-only log. All three
are written as they are: secrets are masked before they get here (`domain.deployments.masking`). All times are UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fairway.domain.deployments.status import OUTCOMES, UNFINISHED, State, accepts

LONGEST_LIST = 200
"""Objects named in a plan summary; the rest is only counted."""


class Door(StrEnum):
    """How a change came in."""

    CLI = "cli"
    AGENT = "agent"
    WEBHOOK = "webhook"
    OPERATOR = "operator"
    GITHUB = "github"
    WEB = "web"
    API = "api"


class ChangeKind(StrEnum):
    """What was asked for. Values of `domain.releases.state.Action` that change something are all among them."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    ROLLBACK = "rollback"
    UNINSTALL = "uninstall"
    CORRECT = "correct"
    RETRY = "retry"
    RECOVER = "recover"
    ADOPT = "adopt"
    TEST = "test"
    APPLY = "apply"
    """Plain objects without a chart, as a GitHub deployment brings them."""
    SUSPEND = "suspend"
    """The release `*` is the whole environment."""
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Cause:
    """Who and what brought a change about; empty where it is not known."""

    user: str = ""
    host: str = ""
    command: str = ""
    """The command line, masked."""
    commit: str = ""
    """The full commit id of the deployments repository."""
    branch: str = ""
    dirty: bool = False
    """True when the working tree differed from `commit`."""
    subject: str = ""
    """The first line of the commit's message."""
    repository: str = ""
    """The repository's address without credentials, or `owner/name` on a forge."""
    delivery_id: str = ""
    """The id by which the other side knows the request: a webhook delivery, a queue message."""
    reason: str = ""
    """Why, in words, where no commit says it: `drift`, `image shop/web:1.9.1 was pushed`."""


@dataclass(frozen=True, slots=True)
class Run:
    """One call through a door. `action` is its verb: apply, rollback, reconcile, …"""

    id: str
    at: datetime
    door: Door
    action: str
    cause: Cause = Cause()


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The objects that a plan changes, as (action, "Kind name") in plan order; never their content."""

    objects: tuple[tuple[str, str], ...] = ()
    omitted: Mapping[str, int] = field(default_factory=dict)
    """How many more per action, where the list was cut at `LONGEST_LIST`."""

    @staticmethod
    def of(changes: Iterable[tuple[str, str]]) -> PlanSummary:
        """Cut to `LONGEST_LIST` objects."""
        listed = [(str(action), name) for action, name in changes]
        return PlanSummary(tuple(listed[:LONGEST_LIST]), dict(Counter(action for action, _ in listed[LONGEST_LIST:])))

    @property
    def counts(self) -> dict[str, int]:
        """How many objects per action (`create`, `update`, `replace`, `delete`)."""
        counts = Counter(action for action, _ in self.objects)
        counts.update(self.omitted)
        return dict(counts)


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked for, for one release."""

    environment: str
    release: str
    action: ChangeKind
    cluster: str = ""
    namespace: str = ""
    chart: str = ""
    """The chart's name; empty for plain resource files."""
    chart_version: str = ""
    chart_version_before: str = ""
    revision_before: int | None = None
    inputs_digest: str = ""
    plan: PlanSummary = PlanSummary()
    parent_id: str = ""
    """The deployment that this one answers: the one that it rolls back or tries again."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What else to find it by: `owner`, `team`, `github.deployment`."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One requested change, as written when it was accepted."""

    id: str
    run_id: str
    at: datetime
    change: Change


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One line of a status log. A state occurs at most once in a log, so (deployment, state) is its identity."""

    deployment_id: str
    state: State
    at: datetime
    description: str = ""
    """For people, masked; one line first, details in the lines after it."""
    revision: int | None = None
    """The release's revision that this step left in place."""


@dataclass(frozen=True, slots=True)
class Story:
    """A deployment with its run and its whole status log: what the ledger gives back."""

    run: Run
    deployment: Deployment
    statuses: tuple[StatusEntry, ...]
    """Only entries that count, in the order in which they were accepted; the first is `queued` unless it was lost."""

    @property
    def id(self) -> str:
        return self.deployment.id

    @property
    def state(self) -> State:
        return self.statuses[-1].state if self.statuses else State.QUEUED

    @property
    def outcome(self) -> StatusEntry | None:
        """The one entry that ended it; None while it runs, or when only the aftermath was seen."""
        return next((entry for entry in self.statuses if entry.state in OUTCOMES), None)

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def started_at(self) -> datetime | None:
        return next((entry.at for entry in self.statuses if entry.state is State.IN_PROGRESS), None)

    @property
    def finished_at(self) -> datetime | None:
        """The time of the outcome, not of what came after it."""
        ended = self.outcome or (self.statuses[-1] if self.is_finished else None)
        return ended.at if ended else None

    @property
    def duration(self) -> timedelta | None:
        """From the start of the work to its outcome; never negative, clocks of several machines differ."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(self.finished_at - self.started_at, timedelta())

    @property
    def revision_after(self) -> int | None:
        """The revision in place after the last step that named one."""
        return next((entry.revision for entry in reversed(self.statuses) if entry.revision is not None), None)


def follow(log: Iterable[StatusEntry], arriving: Iterable[StatusEntry]) -> list[StatusEntry]:
    """Those of the arriving entries of one deployment that count after `log`, in order of arrival."""
    current: State | None = None
    for entry in log:
        current = entry.state
    counted: list[StatusEntry] = []
    for entry in arriving:
        if accepts(current, entry.state):
            counted.append(entry)
            current = entry.state
    return counted
