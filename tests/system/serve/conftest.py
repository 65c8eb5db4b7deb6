"""`fairway serve` as a process, a GitHub that calls it and is called, and a real control plane."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.clusters import Cluster
from tests.support.dispatch import SECRET
from tests.support.dispatch_cluster import permit
from tests.support.dispatch_processes import Daemon, House, housed, until
from tests.support.forges.github import APP_ID
from tests.support.forges.github_deployments import DeploymentsServer
from tests.support.forges.serving import serving
from tests.support.kube import KubeError

from fairway.adapters.devcluster.ports import choose

FINAL = {"success", "failure", "error", "inactive"}
Resource = dict[str, Any]


@dataclass
class Place:
    """What one test has: its team may edit in its namespace, and `shop/web` may deploy for the team."""

    house: House
    github: DeploymentsServer
    cluster: Cluster
    namespace: str
    team: str
    key: Path

    def serve(self, *words: str, clusters: tuple[str, ...] = ("east",), name: str = "serve") -> Daemon:
        """Started, ready, and known to GitHub's webhook. GitHub is spoken to as an App."""
        (port,) = choose(1)
        ways = [f"--cluster={one}={self.cluster.context}" for one in clusters]
        daemon = Daemon(
            name,
            [
                "serve", f"--listen-address=127.0.0.1:{port}", f"--kubeconfig={self.cluster.kubeconfig}", *ways,
                f"--github-api-url={self.github.api}", f"--github-app-id={APP_ID}", f"--github-key-file={self.key}",
                "--pages-for-members=false", *words,
            ],
            {**self.house.env, "GITHUB_WEBHOOK_SECRET": SECRET},
            port,
            self.house.folder,
        )  # fmt: skip
        self.house.daemons.append(daemon)
        daemon.start()
        daemon.until_ready()
        self.github.hooks.url = f"{daemon.url}/events"
        self.github.hooks.secret = SECRET
        return daemon

    def create(self, environment: str, *resources: Resource, team: str = "") -> int:
        """As CI does it: a deployment at GitHub, which tells its webhook; the number."""
        payload = {"version": [1, 0, 0], "team": team or self.team, "kubernetes": {"resources": list(resources)}}
        body = {"ref": "main", "environment": environment, "payload": payload, "required_contexts": []}
        request = urllib.request.Request(
            f"{self.github.api}/repos/shop/web/deployments",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.github.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(json.load(answer)["id"])

    def told(self, number: int) -> list[str]:
        with self.github.lock:
            return self.github.deployments[number].states

    def said(self, number: int) -> str:
        """The last description."""
        with self.github.lock:
            return str(self.github.deployments[number].statuses[-1]["description"])

    def until_told(self, number: int, *states: str) -> list[str]:
        """What GitHub was told until one of these states came."""
        until(
            lambda: set(states) & set(self.told(number)), lambda: f"{self.told(number)}\n{self.house.logs()}"
        )  # fmt: skip
        return self.told(number)

    def config(self, name: str = "settings", namespace: str = "", **data: str) -> Resource:
        metadata = {"name": name, "namespace": namespace or self.namespace, "labels": {"app": name}}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}}

    def deployment(self, name: str = "web", **annotations: str) -> Resource:
        told = {f"devcluster.fairway.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
        labels = {"app": name}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": self.namespace, "labels": labels},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": told},
                    "spec": {"containers": [{"name": "app", "image": "shop/web:1"}]},
                },
            },
        }

    def stored(self, name: str = "settings") -> Any:
        return self.cluster.client.get(f"/api/v1/namespaces/{self.namespace}/configmaps/{name}")["data"]


@pytest.fixture
def place(cluster: Cluster, namespace: str, tmp_path: Path) -> Iterator[Place]:
    team = f"t{uuid.uuid4().hex[:8]}"
    permit(cluster.client, namespace, [team])
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = tmp_path / "app.pem"
    key.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    with serving(DeploymentsServer(public_key=public.decode())) as github:
        house = House(tmp_path / "house", ledger, cluster.kubeconfig, cluster.context, github=github.api)
        with housed(house):
            house.register("shop/web", team)
            yield Place(house, github, cluster, namespace, team, key)
            for daemon in house.daemons:
                assert "Traceback" not in daemon.text, daemon.text[-6000:]
    with suppress(KubeError):
        cluster.client.delete(f"/api/v1/namespaces/default/serviceaccounts/serviceuser-{team}")
