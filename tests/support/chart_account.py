"""deployd's service account as the chart makes it, on a real control plane, and a kubeconfig with its token."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from tests.support.clusters import Cluster
from tests.support.kube import KubeError

from fairway.wiring.bootstrapping import agent_chart

RBAC = "/apis/rbac.authorization.k8s.io/v1"
RELEASE = "fairway"
ACCOUNT = "fairway-deployd"


@contextmanager
def deployd_account(cluster: Cluster, helm: Path, namespace: str, folder: Path, **values: Any) -> Iterator[Path]:
    """Only what the chart grants; `values` are those of `deployd`. Gives the kubeconfig."""
    made: list[str] = []
    try:
        for obj in _rendered(helm, namespace, folder, values):
            collection = _collection(obj)
            cluster.client.create(collection, obj)
            made.append(f"{collection}/{obj['metadata']['name']}")
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{ACCOUNT}/token"
        yield _kubeconfig(cluster, cluster.client.create(path, asked)["status"]["token"], folder)
    finally:
        for path in reversed(made):
            with suppress(KubeError):
                cluster.client.delete(path)


def _rendered(helm: Path, namespace: str, folder: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    file = folder / "deployd-values.yaml"
    deployd = {"enabled": True, "cluster": "dev", **values}
    file.write_text(yaml.safe_dump({"agent": {"enabled": False}, "deployd": deployd}))
    command = [helm, "template", RELEASE, agent_chart(), "--namespace", namespace, "-f", file]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    objects = [one for one in yaml.safe_load_all(text) if one]
    wanted = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
    return [one for one in objects if one["kind"] in wanted]


def _collection(obj: dict[str, Any]) -> str:
    place = obj["metadata"].get("namespace")
    if obj["kind"] == "ServiceAccount":
        return f"/api/v1/namespaces/{place}/serviceaccounts"
    plural = obj["kind"].lower() + "s"
    return f"{RBAC}/namespaces/{place}/{plural}" if place else f"{RBAC}/{plural}"


def _kubeconfig(cluster: Cluster, token: str, folder: Path) -> Path:
    document = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    current = next(one for one in document["contexts"] if one["name"] == document["current-context"])
    user = current["context"]["user"]
    document["users"] = [{"name": user, "user": {"token": token}}]
    file = folder / "deployd.kubeconfig"
    file.write_text(yaml.safe_dump(document))
    file.chmod(0o600)
    return file
