"""Which pods are those of a workload's newest state: an old pod that crashes must not fail the new rollout.

Source: the labels and annotations that Kubernetes' own controllers use to tell revisions apart.
"""

from __future__ import annotations

from fairway.domain.health.states import behind
from fairway.domain.manifests.objects import Kind, Object, group_of
from fairway.services.waiting.view import Feed

DEPLOYMENT = Kind("apps", "Deployment")
STATEFUL_SET = Kind("apps", "StatefulSet")
DAEMON_SET = Kind("apps", "DaemonSet")
JOB = Kind("batch", "Job")
POD = Kind("", "Pod")
WITH_PODS = frozenset(
    {DEPLOYMENT, STATEFUL_SET, DAEMON_SET, JOB, Kind("apps", "ReplicaSet"), Kind("", "ReplicationController")}
)

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "controller-revision-hash"
_DAEMON_GENERATION = "deprecated.daemonset.template.generation"
_POD_GENERATION = "pod-template-generation"


def kind_of(obj: Object) -> Kind:
    return Kind(group_of(str(obj.get("apiVersion", ""))), str(obj.get("kind", "")))


def pod_owner(obj: Object, replica_sets: Feed | None) -> str:
    """The uid of what owns the newest pods of a workload; empty while that is not known."""
    if kind_of(obj) != DEPLOYMENT:
        return str(obj["metadata"].get("uid", ""))
    if replica_sets is None or behind(obj):
        return ""
    revision = (obj["metadata"].get("annotations") or {}).get(_REVISION)
    for candidate in replica_sets.owned_by(str(obj["metadata"].get("uid", ""))):
        if revision and (candidate["metadata"].get("annotations") or {}).get(_REVISION) == revision:
            return str(candidate["metadata"]["uid"])
    return ""


def newest_pods(obj: Object, replica_sets: Feed | None, pods: Feed | None) -> list[Object]:
    """The pods of a workload's newest state, without those that are being deleted."""
    if pods is None or not (owner := pod_owner(obj, replica_sets)):
        return []
    owned = [pod for pod in pods.owned_by(owner) if not pod["metadata"].get("deletionTimestamp")]
    kind = kind_of(obj)
    if kind == STATEFUL_SET:
        newest = (obj.get("status") or {}).get("updateRevision")
        if behind(obj):
            return []
        return [pod for pod in owned if not newest or _label(pod, _HASH) in ("", newest)]
    if kind == DAEMON_SET:
        generation = (obj["metadata"].get("annotations") or {}).get(_DAEMON_GENERATION)
        return [pod for pod in owned if not generation or _label(pod, _POD_GENERATION) in ("", generation)]
    return owned


def _label(pod: Object, name: str) -> str:
    return str((pod["metadata"].get("labels") or {}).get(name, ""))
