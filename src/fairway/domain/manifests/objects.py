"""Identity of Kubernetes objects. Two manifests speak of the same object when their `ObjectKey` is equal.

The key leaves the API version out on purpose: a chart that moves from apps/v1beta1 to apps/v1 keeps its object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""A Kubernetes object as decoded JSON."""


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """Group and kind, e.g. `Kind("apps", "Deployment")`; the core group is the empty string."""

    group: str
    name: str

    def __str__(self) -> str:
        return f"{self.name}.{self.group}" if self.group else self.name


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """What makes an object the same object; `namespace` is empty for cluster-scoped kinds."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.name} {self.name}"


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """An object's key together with the API version to speak to the server with, e.g. `apps/v1`."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        return group_of(self.api_version)

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(Kind(self.group, self.kind), self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def group_of(api_version: str) -> str:
    """`apps/v1` → `apps`; `v1` → the empty string."""
    group, slash, _ = api_version.partition("/")
    return group if slash else ""


def ref_of(obj: Object, *, namespace: str = "") -> ObjectRef:
    """The reference of an object; `namespace` fills in where its metadata names none.

    The caller passes an empty namespace for cluster-scoped kinds: scope is knowledge of the cluster, not of a manifest.
    """
    metadata = obj.get("metadata") or {}
    return ObjectRef(
        str(obj.get("apiVersion", "")),
        str(obj.get("kind", "")),
        str(metadata.get("namespace") or namespace),
        str(metadata.get("name", "")),
    )
