"""What a request is about: the application that its resources make up, and how the ledger names it."""

from __future__ import annotations

from collections.abc import Sequence

from fairway.domain.deployments.masking import fit_to_keep
from fairway.domain.deployments.record import PlanSummary
from fairway.domain.manifests.objects import Object

APP_LABELS = ("app", "app.kubernetes.io/name")
WORKLOADS = frozenset(
    {"Application", "Naisjob", "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "Pod"}
)


def subject_of(resources: Sequence[Object]) -> str:
    """The application: a label of the first workload, else its name, else the name of the first resource.

    Requests of one repository for one cluster and one subject follow one another.
    """
    first = next((one for one in resources if one.get("kind") in WORKLOADS), resources[0])
    metadata = first["metadata"]
    labels = metadata.get("labels") or {}
    named = (labels.get(label) for label in APP_LABELS)
    return fit_to_keep(next((one for one in named if isinstance(one, str) and one), metadata["name"]))[:253]


def namespace_of(resources: Sequence[Object]) -> str:
    """Of the first resource; empty where the team's own is meant."""
    return str(resources[0]["metadata"].get("namespace") or "")


def summary_of(resources: Sequence[Object]) -> PlanSummary:
    """Kinds and names, never contents."""
    return PlanSummary.of(("apply", f"{one['kind']} {one['metadata']['name']}") for one in resources)
