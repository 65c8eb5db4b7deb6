"""What hookd keeps of a request beside the ledger's record: for whom it waits, and what GitHub was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fairway.domain.deployments.record import Deployment, Run, StatusEntry, Story
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import DeploymentRequest, Origin, RepositoryName


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request with its record; `run.cause.delivery_id` is the request's. Refused ones are remembered too."""

    request: DeploymentRequest
    origin: Origin
    run: Run
    deployment: Deployment
    entry: StatusEntry
    """The first of its log: `queued`, or `error` when it was refused."""
    sealed: bytes
    """The message for the queue, signed and perhaps encrypted; empty when it was refused."""
    subject: str
    """What is deployed: requests of the same repository, cluster, namespace and subject follow one
    another."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """What is known of a request. The state is that of `story`."""

    delivery_id: str
    repository: RepositoryName
    deployment_id: int
    cluster: str
    team: str
    origin: Origin
    subject: str
    deadline: datetime
    story: Story
    published_at: datetime | None = None
    """When the queue had it."""
    taken_at: datetime | None = None
    """When a deployd was last heard to have it, before its outcome; by hookd's own clock."""
    posted: State | None = None
    """The state that GitHub was told last."""
    post_problem: str = ""
    """Why GitHub could not be told; it is not tried again when `posting_ended`."""
    posting_ended: bool = False

    @property
    def was_refused(self) -> bool:
        """It was never queued: something was wrong with it."""
        return bool(self.story.statuses) and self.story.statuses[0].state is State.ERROR


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was reported or decided of a request. It counts only when `cluster` is empty or the request's."""

    delivery_id: str
    state: State | None
    """None: nothing but a sign of life."""
    at: datetime
    description: str = ""
    """For people, masked; one line first, details in the lines after it."""
    cluster: str = ""
    heard_at: datetime | None = None
    """When a deployd was heard to be at it, by hookd's own clock; the last time counts."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """A request as it is now, and which of the entries that were just offered led it forward."""

    tracked: Tracked
    counted: tuple[StatusEntry, ...]


@dataclass(frozen=True, slots=True)
class ToPost:
    """A request of which GitHub is to be told something. Nobody else is given it until the claim runs out."""

    tracked: Tracked
    tries: int
    """How often it was begun since GitHub was told something; from one on, it may know already."""
    refusals: int = 0
    """How often GitHub refused it, of these."""
