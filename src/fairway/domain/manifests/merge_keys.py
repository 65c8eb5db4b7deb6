"""How lists in Kubernetes objects are matched item by item: one table for comparing, one for strategic merge patches.

The two tables differ where Kubernetes itself differs: comparing follows the keys of server-side apply (`ports` of a
container: port and protocol), patching follows the older `patchMergeKey` (port alone). The rule not to break: patching
uses only what Kubernetes declares, while comparing may guess, since it changes nothing.

Source: `listMapKey` and `patchMergeKey` in k8s.io/api.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Keys = tuple[str, ...]

COMPARED_BY: dict[tuple[str, ...], Keys] = {
    ("addresses",): ("type",),
    ("conditions",): ("type",),
    ("containers", "ports"): ("containerPort", "protocol"),
    ("initContainers", "ports"): ("containerPort", "protocol"),
    ("ephemeralContainers", "ports"): ("containerPort", "protocol"),
    ("containers",): ("name",),
    ("initContainers",): ("name",),
    ("ephemeralContainers",): ("name",),
    ("env",): ("name",),
    ("hostAliases",): ("ip",),
    ("imagePullSecrets",): ("name",),
    ("listeners",): ("name",),
    ("ownerReferences",): ("uid",),
    ("resourceClaims",): ("name",),
    ("schedulingGates",): ("name",),
    ("secrets",): ("name",),
    ("spec", "ports"): ("port", "protocol"),
    ("subjects",): ("kind", "namespace", "name"),
    ("taints",): ("key", "effect"),
    ("topologySpreadConstraints",): ("topologyKey", "whenUnsatisfiable"),
    ("volumeDevices",): ("devicePath",),
    ("volumeMounts",): ("mountPath",),
    ("volumes",): ("name",),
    ("webhooks",): ("name",),
}
"""The last names of a list's path → the keys of its items. Longer paths win."""

PATCHED_BY: dict[tuple[str, ...], str] = {
    ("addresses",): "type",
    ("conditions",): "type",
    ("containers", "ports"): "containerPort",
    ("initContainers", "ports"): "containerPort",
    ("ephemeralContainers", "ports"): "containerPort",
    ("containers",): "name",
    ("initContainers",): "name",
    ("ephemeralContainers",): "name",
    ("env",): "name",
    ("hostAliases",): "ip",
    ("hostIPs",): "ip",
    ("imagePullSecrets",): "name",
    ("metadata", "finalizers"): "",
    ("metadata", "ownerReferences"): "uid",
    ("podIPs",): "ip",
    ("resourceClaims",): "name",
    ("schedulingGates",): "name",
    ("secrets",): "name",
    ("spec", "ports"): "port",
    ("taints",): "key",
    ("topologySpreadConstraints",): "topologyKey",
    ("volumeDevices",): "devicePath",
    ("volumeMounts",): "mountPath",
    ("volumes",): "name",
    ("webhooks",): "name",
}
"""As `COMPARED_BY`, for strategic merge patches of built-in kinds. The empty key: a set of plain values."""

BUILT_IN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)
"""API groups whose kinds Kubernetes itself declares, and which alone know strategic merge."""

DEFAULTS = {"protocol": "TCP", "namespace": ""}
"""What an item means when it leaves a key out."""

_LONGEST = 2


def compare_keys(path: Sequence[str], old: Sequence[Any], new: Sequence[Any]) -> Keys:
    """The keys to match the items of two lists by; empty when only their order can tell.

    `path` holds field names only, without list items. Lists that the table does not know are matched by `name`, when
    every item on both sides has one and none occurs twice.
    """
    keys = _by_suffix(COMPARED_BY, path)
    for candidate in (keys, ("name",)):
        if candidate and _identifies(candidate, old) and _identifies(candidate, new):
            return candidate
    return ()


def patch_key(path: Sequence[str]) -> str | None:
    """The merge key of a list in a built-in kind; empty for a set of plain values, None when it is replaced whole."""
    return _by_suffix(PATCHED_BY, path)


def identity(item: Any, keys: Keys) -> tuple[Any, ...]:
    """The values of an item's keys, Kubernetes' defaults filled in."""
    return tuple(item.get(key, DEFAULTS.get(key)) for key in keys)


def identity_text(item: Any, keys: Keys) -> str:
    """For paths: `app`, `80`, `80/UDP`; defaults are not spelled out."""
    values = [str(item[key]) for key in keys if item.get(key, DEFAULTS.get(key)) not in (None, DEFAULTS.get(key))]
    return "/".join(values)


def _identifies(keys: Keys, items: Sequence[Any]) -> bool:
    seen = set()
    for item in items:
        if not isinstance(item, dict):
            return False
        values = identity(item, keys)
        if any(isinstance(value, dict | list) or value is None for value in values) or values in seen:
            return False
        seen.add(values)
    return True


def _by_suffix(table: dict[tuple[str, ...], T], path: Sequence[str]) -> T | None:
    for length in range(_LONGEST, 0, -1):
        found = table.get(tuple(path[-length:]))
        if found is not None:
            return found
    return None
