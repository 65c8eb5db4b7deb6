"""What a request is about: the application that its resources make up, and how the ledger names it."""

from __future__ import annotations

from collections.abc import Sequence

from fairway.domain.deployments.masking import fit_to_keep
from fairway.domain.deployments.record import PlanSummary
from fairway.domain.manifests.lists import flatten
from fairway.domain.manifests.objects import Object

APP_LABELS = ("app", "app.kubernetes.io/name")
WORKLOADS = frozenset(
    {"Application", "Naisjob", "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "Pod"}
)


def subject_of(resources: Sequence[Object]) -> str:
    """The application: a label of the first workload, else its name, else the name of the first resource.

    Requests of one repository for one cluster, one namespace and one subject follow one another.
    """
    metadata = _application(resources)["metadata"]
    labels = metadata.get("labels")
    named = (labels.get(label) for label in APP_LABELS) if isinstance(labels, dict) else ()
    return _kept(next((one for one in named if isinstance(one, str) and one), metadata["name"]))


def namespace_of(resources: Sequence[Object]) -> str:
    """The application's; empty where the team's own is meant."""
    return _kept(str(_application(resources)["metadata"].get("namespace") or ""))


def summary_of(resources: Sequence[Object]) -> PlanSummary:
    """Kinds and names, never contents."""
    return PlanSummary.of(("apply", f"{one['kind']} {one['metadata']['name']}") for one in resources)


def _application(resources: Sequence[Object]) -> Object:
    """The first workload, else the first resource. Lists stand for their items; what is malformed in them is told
    later, and names nothing."""
    found = [leaf for one in resources for leaf in flatten(one) if _has_name(leaf)] or resources
    return next((one for one in found if _is_workload(one)), found[0])


def _has_name(obj: Object) -> bool:
    metadata = obj.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)


def _is_workload(obj: Object) -> bool:
    kind = obj.get("kind")
    return isinstance(kind, str) and kind in WORKLOADS


def _kept(text: str) -> str:
    return fit_to_keep(text)[:253]
