"""The kinds that a fresh cluster in memory serves, the fields that it never changes in place, and what a CRD adds."""

from __future__ import annotations

from collections.abc import Iterator

from fairway.domain.manifests.api import ApiResource
from fairway.domain.manifests.objects import Kind, Object

_VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})

_KINDS = {
    "v1": "ConfigMap Endpoints Event LimitRange Namespace* Node* PersistentVolume* PersistentVolumeClaim Pod "
    "PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount",
    "admissionregistration.k8s.io/v1": "MutatingWebhookConfiguration* ValidatingWebhookConfiguration*",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition*",
    "apiregistration.k8s.io/v1": "APIService*",
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "autoscaling/v1": "HorizontalPodAutoscaler",
    "batch/v1": "CronJob Job",
    "coordination.k8s.io/v1": "Lease",
    "discovery.k8s.io/v1": "EndpointSlice",
    "events.k8s.io/v1": "Event",
    "networking.k8s.io/v1": "Ingress IngressClass* NetworkPolicy",
    "policy/v1": "PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "ClusterRole* ClusterRoleBinding* Role RoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass*",
    "storage.k8s.io/v1": "StorageClass*",
}

IMMUTABLE: dict[Kind, tuple[tuple[str, ...], ...]] = {
    Kind("apps", "DaemonSet"): (("spec", "selector"),),
    Kind("apps", "Deployment"): (("spec", "selector"),),
    Kind("apps", "ReplicaSet"): (("spec", "selector"),),
    Kind("apps", "StatefulSet"): (("spec", "selector"), ("spec", "serviceName"), ("spec", "volumeClaimTemplates")),
    Kind("batch", "Job"): (("spec", "selector"), ("spec", "template")),
    Kind("", "PersistentVolumeClaim"): (("spec", "storageClassName"), ("spec", "accessModes"), ("spec", "volumeName")),
    Kind("", "Secret"): (("type",),),
    Kind("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    Kind("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
}
"""Fields that Kubernetes refuses to change once they are set."""


def plural_of(kind: str) -> str:
    """Kubernetes' own plurals: Ingress → ingresses, NetworkPolicy → networkpolicies, Endpoints → endpoints."""
    name = kind.lower()
    if name == "endpoints":
        return name
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2] not in "aeiou" else f"{name}s"


def resource(api_version: str, kind: str, *, namespaced: bool = True, plural: str = "") -> ApiResource:
    """A kind with all verbs."""
    return ApiResource(api_version, kind, plural or plural_of(kind), namespaced, _VERBS)


def served_by(crd: Object) -> Iterator[ApiResource]:
    """The resources that a CustomResourceDefinition adds, the storage version's first."""
    spec = crd.get("spec") or {}
    names = spec.get("names") or {}
    versions = sorted(spec.get("versions") or (), key=lambda version: not version.get("storage"))
    for version in versions:
        if version.get("served", True):
            yield resource(
                f"{spec.get('group')}/{version['name']}",
                names.get("kind", ""),
                namespaced=spec.get("scope") != "Cluster",
                plural=names.get("plural", ""),
            )


BUILT_IN: tuple[ApiResource, ...] = tuple(
    resource(api_version, kind.rstrip("*"), namespaced=not kind.endswith("*"))
    for api_version, kinds in _KINDS.items()
    for kind in kinds.split()
)
