"""Whose object is it? Helm's ownership label and annotations, and the refusal to take over somebody else's.

Source of the rule: Helm's `checkOwnership`: the label `app.kubernetes.io/managed-by: Helm` and both annotations
must name the release, or the object is not ours.
"""

from __future__ import annotations

from fairway.domain.manifests.objects import Object

MANAGED_BY = "app.kubernetes.io/managed-by"
RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
RESOURCE_POLICY = "helm.sh/resource-policy"


def owned(obj: Object, *, release: str, namespace: str) -> Object:
    """A copy that carries Helm's ownership label and annotations; the rest is shared with the original."""
    metadata = dict(obj.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), MANAGED_BY: "Helm"}
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        RELEASE_NAME: release,
        RELEASE_NAMESPACE: namespace,
    }
    return {**obj, "metadata": metadata}


def owner_of(live: Object) -> tuple[str, str] | None:
    """(release namespace, release name) of a live object; None when no release owns it."""
    metadata = live.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    name, namespace = annotations.get(RELEASE_NAME), annotations.get(RELEASE_NAMESPACE)
    managed = (metadata.get("labels") or {}).get(MANAGED_BY) == "Helm"
    return (str(namespace), str(name)) if managed and name and namespace else None


def is_kept(obj: Object) -> bool:
    """`helm.sh/resource-policy: keep`: the object stays when it leaves the manifest, or with the release."""
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(RESOURCE_POLICY, "")).strip().lower() == "keep"
