"""What hookd needs from outside: a memory of requests in the ledger, GitHub, and who may do what.

The rule not to break: a request and its record in the ledger are one transaction, and so are a step and its entry in
the status log. What the ledger says is what GitHub is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import Announcement
from fairway.domain.dispatch.statuses import StatusPost as StatusPost
from fairway.domain.dispatch.team_keys import KeysOfTeam
from fairway.domain.dispatch.tracking import NewRequest as NewRequest
from fairway.domain.dispatch.tracking import Step as Step
from fairway.domain.dispatch.tracking import Stepped as Stepped
from fairway.domain.dispatch.tracking import ToPost as ToPost
from fairway.domain.dispatch.tracking import Tracked as Tracked


class RequestStore(Protocol):
    """Implementations: memory (over `MemoryLedger`) and SQL (in the ledger's own database). Away is Transient."""

    async def add(self, new: Sequence[NewRequest]) -> set[str]:
        """Remember all in one transaction; the delivery ids that were not known before. Others are left as they are.

        Known is also what asks for a deployment of GitHub's that was asked for by another delivery.
        """
        ...

    async def get(self, delivery_id: str) -> Tracked | None: ...

    async def find(
        self, *, repository: str = "", cluster: str = "", team: str = "", before: str = "", limit: int = 50
    ) -> list[Tracked]:
        """Newest first; `before` is the ledger's id of the last one of the page before. The repository in any case."""
        ...

    async def by_deployment(self, repository: RepositoryName, deployment_id: int) -> list[Tracked]:
        """The request for one deployment of GitHub's, if there is one."""
        ...

    async def unpublished(self, *, limit: int) -> list[tuple[str, str, bytes]]:
        """Delivery id, key and sealed message of those that the queue may not have, oldest first; none that ended."""
        ...

    async def published(self, delivery_ids: Collection[str], at: datetime) -> None:
        """The queue has them; the messages are forgotten here."""
        ...

    async def step(self, steps: Sequence[Step]) -> list[Stepped]:
        """Write them into the status logs, and signs of life, in one transaction, in this order; returns the requests
        of those that led forward (`domain.deployments.status.accepts`). What is not known is ignored.

        Where several of a line have succeeded with it, all but the newest become inactive in the same transaction
        (`domain.dispatch.superseding`); they are returned too. All come oldest first.
        """
        ...

    async def unfinished(self, *, due: datetime | None = None) -> list[Tracked]:
        """All without an outcome, oldest first; with `due`, those whose deadline is not after it."""
        ...

    async def succeeded(self, like: str) -> list[Tracked]:
        """Requests of the same repository, cluster, namespace and subject as this delivery id that succeeded, oldest
        first: all but the last one have been replaced."""
        ...

    async def to_post(self, *, limit: int, now: datetime, until: datetime) -> list[ToPost]:
        """Those from GitHub whose log goes beyond what GitHub was told, oldest first; `queued` only when published.

        Each is claimed until `until`: nobody is given it again before `posted` or `post_failed` was called, or the
        claim ran out.
        """
        ...

    async def posted(self, delivery_id: str, state: State) -> None:
        """GitHub was told the state."""
        ...

    async def post_failed(
        self, delivery_id: str, problem: str, *, again: datetime | None, was_refused: bool = False
    ) -> None:
        """GitHub could not be told: not to be tried before `again`, or never. Refusals are counted."""
        ...

    async def heard(self, announcement: Announcement) -> None: ...

    async def clusters(self) -> list[Announcement]:
        """The newest announcement of each cluster and instance, for as long as it is kept."""
        ...

    async def forget_clusters(self, before: datetime) -> None:
        """Drop announcements that are older."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """How many are `unfinished`, `unpublished` and `to_post`."""
        ...

    async def close(self) -> None: ...


class DeploymentStatuses(Protocol):
    """GitHub's side. Transient (`TryLater` when it says when): try again; UserError and Terminal: never for this one.

    A post that ended in Transient may have arrived all the same: whoever tries again looks at `states` first.
    """

    async def post(self, status: StatusPost) -> None:
        """One new status. It does not make deployments of others inactive (`auto_inactive` is false)."""
        ...

    async def states(self, repository: RepositoryName, deployment_id: int) -> list[State]:
        """What GitHub was told of it, oldest first; none when it does not know the deployment.

        States that are none of ours (`pending`) are left out.
        """
        ...

    async def aclose(self) -> None: ...


class NoStatuses:
    """With `--github-enabled=false`: nobody is told."""

    async def post(self, status: StatusPost) -> None:
        return

    async def states(self, repository: RepositoryName, deployment_id: int) -> list[State]:
        return []

    async def aclose(self) -> None:
        return


class TeamKeys(Protocol):
    """Keys with which teams sign requests; slugs in any case. Implementations: memory, SQL (sealed)."""

    async def keys(self, team: str) -> list[bytes]:
        """All that are good now, newest first."""
        ...

    async def rotate(self, team: str, *, keep_old_for: float) -> bytes:
        """A new one; the former stay good for so many seconds."""
        ...

    async def revoke(self, team: str) -> int: ...

    async def teams(self) -> list[KeysOfTeam]:
        """Of teams with a good key, by name; never a key."""
        ...

    async def close(self) -> None: ...
