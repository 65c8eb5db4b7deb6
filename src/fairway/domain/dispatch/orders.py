"""A request that came over the API, from somebody who has proven who he is."""

from __future__ import annotations

from dataclasses import dataclass, field

from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.manifests.objects import Object


@dataclass(frozen=True, slots=True)
class Order:
    """`delivery_id` follows from what was signed: the same order again is the same delivery."""

    delivery_id: str
    repository: RepositoryName
    cluster: str
    team: str
    resources: tuple[Object, ...] = field(repr=False)
    """As `read_resources` gave them."""
    is_from_team: bool = False
    """Signed with the team's own key: it is asked for by the team, also where nobody registered the repository."""
    environment: str = ""
    """What people call it; the cluster when it is empty."""
    ref: str = ""
    sha: str = ""
    creator: str = ""
    description: str = ""
    web_url: str = ""
