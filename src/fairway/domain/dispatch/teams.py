"""Which service account a team acts as in a cluster.

The rule not to break: a name that Kubernetes would read in another way is refused here, so that no team can act as
somebody whom it is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fairway.domain.errors import UserError

PREFIX = "serviceuser-"
SHARED_NAMESPACE = "default"
LONGEST_TEAM = 63

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class TeamAccount:
    """A team's service account; resources that name no namespace of their own go to this one."""

    team: str
    namespace: str
    name: str

    @property
    def user(self) -> str:
        """How Kubernetes calls it, in RBAC and in its refusals."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    def __str__(self) -> str:
        return f"service account {self.namespace}/{self.name}"


def account_of(team: str, *, own_namespace: bool) -> TeamAccount:
    """`own_namespace`: each team has a namespace of its name, else all accounts are in `default`.

    Teams are compared without regard to case, as GitHub's are. Raises UserError for a team that can't have an account.
    """
    name = team.lower()
    if not name:
        raise UserError("the request names no team", fix="name the team in payload.team")
    if not team.isascii() or len(name) > LONGEST_TEAM or not _LABEL.fullmatch(name):
        raise UserError(
            f"team {team[:80]!r} can't have a service account: names are at most {LONGEST_TEAM} letters a-z, digits "
            "and dashes, and neither begin nor end with a dash",
            fix="use the team's slug as it stands in the address of its page",
        )
    if own_namespace and name.startswith("kube-"):
        # Accounts of these namespaces are more than others, by rights that belong to the namespace as a group.
        raise UserError(
            f"team {name} can't have a namespace of its name: those that begin with kube- are Kubernetes' own",
            fix="give the team another slug",
        )
    return TeamAccount(name, name if own_namespace else SHARED_NAMESPACE, f"{PREFIX}{name}")
