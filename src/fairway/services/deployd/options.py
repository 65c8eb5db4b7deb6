"""How a deployd works in its cluster. Contract: docs/spec/deployd.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Identity(StrEnum):
    """How deployd acts as a team."""

    IMPERSONATE = "impersonate"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class DeploydOptions:
    """`cluster` is the name that deployments have as their environment."""

    cluster: str
    kubeconfig: str | None = None
    """None: KUBECONFIG, `~/.kube/config`, else the pod's own service account."""
    context: str | None = None
    in_cluster: bool = False
    identity: Identity = Identity.IMPERSONATE
    team_namespaces: bool = False
    """Each team's account is in a namespace of the team's name, else all are in `default`."""
    auto_create_service_account: bool = True
    timeout: timedelta = timedelta(seconds=300)
    """How long what was applied may take to become healthy."""
    concurrency: int = 16
    """Requests that are checked and applied at once; waiting for health does not count."""
    team_concurrency: int = 4
    most_open: int = 1000
    """Requests under way, those that wait for health too; more stay in the queue."""
    announce_every: timedelta = timedelta(seconds=30)
    remember: timedelta = timedelta(days=30)
    """How long outcomes are remembered; longer than the queue keeps messages."""
    stop_within: timedelta = timedelta(seconds=10)
    """How long what is being applied may take to its end when the process is told to stop."""
    group: str = ""
    """Whose place in the queue; `deployd-CLUSTER` when empty."""
