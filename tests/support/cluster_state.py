"""Everything that is in some namespaces, as plain data that can be compared between two tools.

What the server, controllers and time set is left out; so is what every namespace has by itself.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.kube import KubeClient

_BY_CONTROLLERS = {"Pod", "ReplicaSet", "ControllerRevision", "EndpointSlice", "Endpoints", "Event", "Lease"}
_ELSEWHERE = {"ComponentStatus", "Node", "APIService", "FlowSchema", "PriorityLevelConfiguration", "PersistentVolume"}
_SERVER_SET = ("uid", "resourceVersion", "creationTimestamp", "generation", "selfLink")
_SPEC = ("clusterIP", "clusterIPs", "volumeName", "healthCheckNodePort")
_UNIQUE_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")

State = dict[str, dict[str, Any]]


def kinds(client: KubeClient) -> list[tuple[str, str, str]]:
    """(list path below the host, apiVersion, kind) of everything that can be listed, preferred versions only."""
    found: list[tuple[str, str, str]] = []
    groups = [("/api/v1", "v1")]
    for group in client.get("/apis")["groups"]:
        version = group["preferredVersion"]["groupVersion"]
        groups.append((f"/apis/{version}", version))
    for path, version in groups:
        for resource in client.get(path)["resources"]:
            kind = resource["kind"]
            if "/" in resource["name"] or "list" not in resource["verbs"]:
                continue
            if kind not in _BY_CONTROLLERS | _ELSEWHERE:
                found.append((f"{path}/{resource['name']}", version, kind))
    return found


def state_of(client: KubeClient, namespaces: Iterable[str], served: list[tuple[str, str, str]]) -> dict[str, State]:
    """By namespace: `Kind/name` → object. Objects without a namespace count to the one that their name begins with."""
    wanted = sorted(namespaces, key=len, reverse=True)
    states: dict[str, State] = {name: {} for name in wanted}

    def listed(place: tuple[str, str, str]) -> tuple[tuple[str, str, str], list[dict[str, Any]]]:
        return place, client.get(place[0])["items"]

    with ThreadPoolExecutor(8) as pool:
        for (_, version, kind), items in pool.map(listed, served):
            for item in items:
                metadata = item["metadata"]
                where = metadata.get("namespace") or metadata["name"]
                home = next((name for name in wanted if where == name or where.startswith(f"{name}-")), None)
                if home is None or _is_of_every_namespace(kind, metadata, wanted):
                    continue
                obj = normal({"apiVersion": version, "kind": kind, **item}, home)
                key = f"{kind}/{metadata.get('namespace', '')}/{metadata['name']}".replace(home, "NS")
                states[home][key] = obj
    return states


def normal(obj: dict[str, Any], namespace: str) -> dict[str, Any]:
    """The object without what differs between two equal ones."""
    if obj["kind"] == "Secret":
        obj = {**obj, "data": {k: base64.b64decode(v).decode("latin-1") for k, v in (obj.get("data") or {}).items()}}
    obj = json.loads(json.dumps(obj).replace(namespace, "NS"))
    obj.pop("status", None)
    metadata = obj["metadata"]
    for name in _SERVER_SET:
        metadata.pop(name, None)
    metadata["managedFields"] = sorted(
        ([e["manager"], e["operation"], e["fieldsV1"]] for e in metadata.get("managedFields", ()) if _counts(e)),
        key=json.dumps,
    )
    spec = obj.get("spec")
    if isinstance(spec, dict):
        for name in _SPEC:
            if spec.get(name) not in ("None", ["None"]):
                spec.pop(name, None)
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    return without_unique(obj)


def without_unique(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: without_unique(v) for k, v in node.items() if k not in _UNIQUE_LABELS}
    return [without_unique(item) for item in node] if isinstance(node, list) else node


def differences(one: State, other: State) -> list[str]:
    """Readable lines; empty when both are equal."""
    lines = [f"only first: {key}" for key in sorted(one.keys() - other.keys())]
    lines += [f"only second: {key}" for key in sorted(other.keys() - one.keys())]
    for key in sorted(one.keys() & other.keys()):
        lines += [f"{key}: {line}" for line in _diff(one[key], other[key], "")]
    return lines


def record(secret: dict[str, Any]) -> dict[str, Any]:
    """What Helm stored, decoded."""
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    return found


def _counts(entry: dict[str, Any]) -> bool:
    return entry["manager"] == "helm" and entry.get("subresource", "") == ""


def _is_of_every_namespace(kind: str, metadata: dict[str, Any], namespaces: list[str]) -> bool:
    if kind == "Namespace":
        return metadata["name"] in namespaces
    if kind == "Secret" and metadata["name"].startswith("sh.helm.release.v1."):
        return True
    return (kind, metadata["name"]) in (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt"))


def _diff(one: Any, other: Any, path: str) -> list[str]:
    if type(one) is type(other) is dict:
        return [
            line
            for key in sorted(one.keys() | other.keys())
            for line in _diff(one.get(key, "(absent)"), other.get(key, "(absent)"), f"{path}.{key}")
        ]
    if type(one) is type(other) is list and len(one) == len(other):
        return [line for i, (a, b) in enumerate(zip(one, other, strict=True)) for line in _diff(a, b, f"{path}[{i}]")]
    return [] if one == other else [f"{path}: {json.dumps(one)[:300]} ≠ {json.dumps(other)[:300]}"]
