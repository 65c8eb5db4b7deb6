"""What is asked for: a team's resources, for one cluster, until a deadline."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fairway.domain.manifests.objects import Object

PAYLOAD_MAJOR = 1
"""The payload API that is understood: every 1.x.y."""


@dataclass(frozen=True, slots=True)
class RepositoryName:
    """`owner/name` on GitHub; compared as written there, without regard to case."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """What travels to a cluster. Times are UTC and whole seconds, as on the wire."""

    delivery_id: str
    repository: RepositoryName
    deployment_id: int
    """GitHub's id of the deployment; 0 when it did not come from GitHub."""
    cluster: str
    team: str
    resources: tuple[Object, ...]
    at: datetime
    deadline: datetime
    """From then on nobody may begin with it."""
    version: tuple[int, int, int] = (1, 0, 0)

    @property
    def key(self) -> str:
        """Requests of the same key are carried out in the order in which they came."""
        return f"{self.cluster}/{self.team}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the record and for people; never sent to a cluster."""

    environment: str = ""
    ref: str = ""
    sha: str = ""
    creator: str = ""
    """The login of the person or App that created it."""
    description: str = ""
    web_url: str = ""
    """A page at GitHub to go back to; empty when there is none."""
    labels: dict[str, str] = field(default_factory=dict)
