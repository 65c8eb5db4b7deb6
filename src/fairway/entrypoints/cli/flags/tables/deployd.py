"""How a deployd works in its cluster."""

from __future__ import annotations

from datetime import timedelta

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.services.deployd.options import DeploydOptions, Identity

CLUSTER = Flag(
    "cluster", kinds.NAME, "This cluster's name: what deployments have as their environment. Required.",
    own_variable="FAIRWAY_DEPLOYD_CLUSTER",
)  # fmt: skip
IDENTITY = Flag(
    "identity", kinds.one_of("impersonate", "token"), "How it acts as a team's service account.",
    default="impersonate", ours=True,
)  # fmt: skip
TIMEOUT = Flag(
    "timeout", kinds.SOME_TIME, "How long what was applied may take to become healthy.", default="5m", ours=True
)
WAYS = (
    Flag("kubeconfig", kinds.NAME, "The way to the cluster.", default="KUBECONFIG, else the pod's own", ours=True),
    Flag("context", kinds.NAME, "A context of the kubeconfig.", default="the current one", ours=True),
    Flag(
        "in-cluster", kinds.BOOLEAN, "Reach the cluster around this pod, whatever kubeconfig says.", default="false",
        ours=True,
    ),
)  # fmt: skip
TEAMS = (
    Flag(
        "team-namespaces", kinds.BOOLEAN, "Accounts are in a namespace of the team's name, not all in default.",
        default="false",
    ),
    Flag(
        "auto-create-service-account", kinds.BOOLEAN, "Make a team's account when it is missing.", default="true"
    ),
)  # fmt: skip
NUMBERS = (
    Flag("concurrency", kinds.number(1), "Requests that are applied at once.", default="16", ours=True),
    Flag("team-concurrency", kinds.number(1), "Of these, how many of one team.", default="4", ours=True),
)

TEAM_GROUP = Group("Teams", (IDENTITY, *TEAMS))
WORK_GROUP = Group("Work", (TIMEOUT, *NUMBERS))
CLUSTER_GROUP = Group("Cluster", (CLUSTER, *WAYS))


def deployd_options(given: Given) -> DeploydOptions:
    cluster = given.value(CLUSTER)
    if not cluster:
        raise UserError(f"{given.named(CLUSTER)} is not set", fix="give the name that deployments have as environment")
    return given.fill(DeploydOptions, [*WAYS, *TEAMS, *NUMBERS], cluster=cluster, **_others(given))


def deployd_of(given: Given, cluster: str, *, kubeconfig: str | None, context: str | None) -> DeploydOptions:
    """One of several in a process: everything but the cluster is the same for all."""
    return given.fill(
        DeploydOptions, [*TEAMS, *NUMBERS], cluster=cluster, kubeconfig=kubeconfig, context=context, **_others(given)
    )


def _others(given: Given) -> dict[str, object]:
    found: dict[str, object] = {}
    if (identity := given.value(IDENTITY)) is not None:
        found["identity"] = Identity(identity)
    if (seconds := given.value(TIMEOUT)) is not None:
        found["timeout"] = timedelta(seconds=seconds)
    return found
