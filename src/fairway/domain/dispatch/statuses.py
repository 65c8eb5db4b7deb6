"""What a cluster reports of a request, in GitHub's own words for the state of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName

LONGEST_DESCRIPTION = 140
"""Characters that GitHub takes."""


class ReportedState(StrEnum):
    """On the wire; `pending` means that a deployd has taken the request, and is not told to GitHub."""

    SUCCESS = "success"
    ERROR = "error"
    FAILURE = "failure"
    INACTIVE = "inactive"
    IN_PROGRESS = "in_progress"
    QUEUED = "queued"
    PENDING = "pending"

    @property
    def as_state(self) -> State | None:
        """The ledger's word for it; None for `pending`, which moves nothing."""
        return None if self is ReportedState.PENDING else State(self.value)


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """One report. `at` is UTC and whole seconds."""

    delivery_id: str
    repository: RepositoryName
    deployment_id: int
    state: ReportedState
    description: str
    """One line of at most `LONGEST_DESCRIPTION` characters."""
    team: str
    cluster: str
    at: datetime
    detail: str = ""
    """Everything else that people want to know, masked, in lines; for the log page, not for GitHub."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A deployd says that it is there, at its start and every so often."""

    cluster: str
    instance: str
    """Which process: host and a number that is made at its start."""
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StatusPost:
    """What GitHub is told; `POST /repos/O/R/deployments/ID/statuses`."""

    repository: RepositoryName
    deployment_id: int
    state: State
    description: str
    log_url: str
    environment_url: str = ""


def cut_description(text: str, longest: int = LONGEST_DESCRIPTION) -> str:
    """The first line, at most `longest` characters long; what is cut off ends in an ellipsis."""
    line = " ".join(text.split("\n", 1)[0].split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
