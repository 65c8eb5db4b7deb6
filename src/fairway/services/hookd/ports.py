"""What hookd needs from outside: a memory of requests in the ledger, GitHub, and who may do what.

The rule not to break: a request and its record in the ledger are one transaction, and so are a step and its entry in
the status log. What the ledger says is what GitHub is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from fairway.domain.deployments.record import Deployment, Run, StatusEntry, Story
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import DeploymentRequest, Origin, RepositoryName
from fairway.domain.dispatch.statuses import Announcement


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request as accepted, with its record; `run.cause.delivery_id` is the request's."""

    request: DeploymentRequest
    origin: Origin
    run: Run
    deployment: Deployment
    queued: StatusEntry
    sealed: bytes
    """The message for the queue, signed and perhaps encrypted."""
    subject: str
    """What is deployed: requests of the same repository, cluster and subject follow one another."""


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
    """When a deployd said that it has it."""
    posted: State | None = None
    """The state that GitHub was told last."""
    post_problem: str = ""
    """Why GitHub could not be told; it is not tried again when `posting_ended`."""
    posting_ended: bool = False


class RequestStore(Protocol):
    """Implementations: memory (over `MemoryLedger`) and SQL (in the ledger's own database). Away is Transient."""

    async def add(self, new: Sequence[NewRequest]) -> set[str]:
        """Remember all in one transaction; the delivery ids that were not known before. Others are left as they are."""
        ...

    async def get(self, delivery_id: str) -> Tracked | None: ...

    async def find(
        self, *, repository: str = "", cluster: str = "", team: str = "", before: str = "", limit: int = 50
    ) -> list[Tracked]:
        """Newest first; `before` is the ledger's id of the last one of the page before."""
        ...

    async def by_deployment(self, repository: RepositoryName, deployment_id: int) -> list[Tracked]:
        """Requests for one deployment of GitHub's; more than one when it was asked for again."""
        ...

    async def unpublished(self, *, limit: int) -> list[tuple[str, str, bytes]]:
        """Delivery id, key and sealed message of those that the queue may not have, oldest first; none that ended."""
        ...

    async def published(self, delivery_ids: Collection[str], at: datetime) -> None: ...

    async def taken(self, delivery_id: str, at: datetime) -> None: ...

    async def step(self, entries: Mapping[str, Sequence[StatusEntry]]) -> list[StatusEntry]:
        """Write entries by delivery id into their status logs; returns those that led forward
        (`domain.deployments.status.accepts`). What is not known is ignored."""
        ...

    async def unfinished(self) -> list[Tracked]:
        """All without an outcome, oldest first."""
        ...

    async def older(self, than: str) -> list[Tracked]:
        """Requests of the same repository, cluster and subject that were accepted before this delivery id and are not
        inactive, failed or in error."""
        ...

    async def to_post(self, *, limit: int) -> list[Tracked]:
        """Those from GitHub whose log goes beyond what GitHub was told, oldest first; `queued` only when published."""
        ...

    async def posted(self, delivery_id: str, state: State, *, problem: str = "", ended: bool = False) -> None:
        """GitHub was told the state; or, with a problem, could not be."""
        ...

    async def heard(self, announcement: Announcement) -> None: ...

    async def clusters(self) -> list[Announcement]:
        """The newest announcement of each cluster and instance, for as long as it is kept."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class StatusPost:
    """What GitHub is told; `POST /repos/O/R/deployments/ID/statuses`."""

    repository: RepositoryName
    deployment_id: int
    state: State
    description: str
    log_url: str
    environment_url: str = ""


class DeploymentStatuses(Protocol):
    """GitHub's side. Transient: try again later; UserError and Terminal: never for this status."""

    async def post(self, status: StatusPost) -> None: ...

    async def aclose(self) -> None: ...


class NoStatuses:
    """With `--github-enabled=false`: nobody is told."""

    async def post(self, status: StatusPost) -> None:
        return

    async def aclose(self) -> None:
        return


class TeamKeys(Protocol):
    """Keys with which teams sign requests. Implementations: memory, SQL (encrypted with the server's own key)."""

    async def keys(self, team: str) -> list[bytes]:
        """All that are good now, newest first."""
        ...

    async def rotate(self, team: str, *, keep_old_for: float) -> bytes:
        """A new one; the former stay good for so many seconds."""
        ...

    async def revoke(self, team: str) -> int: ...

    async def teams(self) -> list[Mapping[str, Any]]:
        """Team, number of keys, when the newest was made; never a key."""
        ...
