"""deployd on a real control plane: RBAC, admission and controllers decide; the queue is in memory."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.clusters import Cluster
from tests.support.deployd import Desk, Station, allow_everything

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.client import KubeClient
from fairway.adapters.kube.service_accounts import ServiceAccounts
from fairway.adapters.kube.teams import ImpersonatedTeams, open_token_teams
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of

PREFIX = "devcluster.fairway.dev"


@dataclass
class Scene:
    """A namespace of a real cluster, a team that may do anything in it, and a deployd that can be started."""

    kube: KubeClient
    namespace: str
    team: str
    desk: Desk
    station: Station
    stack: AsyncExitStack

    async def use_tokens(self) -> None:
        accounts = ServiceAccounts(self.kube, create=True)
        self.station.teams = await self.stack.enter_async_context(open_token_teams(self.kube, accounts))

    async def allow(self, namespace: str = "") -> None:
        for obj in allow_everything(namespace or self.namespace, self.team):
            await self.kube.apply(obj, ref_of(obj))

    def request(self, *resources: Object, **more: Any) -> Any:
        return self.desk.request(*resources, team=self.team, **more)

    async def live(self, kind: str, name: str) -> Object | None:
        versions = {"Deployment": "apps/v1", "Job": "batch/v1", "Application": "nais.io/v1alpha1"}
        return await self.kube.get(ObjectRef(versions.get(kind, "v1"), kind, self.namespace, name))

    def config_map(self, name: str = "settings", **data: str) -> Object:
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}}

    def deployment(self, name: str = "web", image: str = "shop/web:1", **simulated: str) -> Object:
        labels = {"app": name}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": self.namespace, "labels": labels},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": annotations(simulated)},
                    "spec": {"containers": [{"name": "app", "image": image}]},
                },
            },
        }

    def job(self, name: str = "migrate", image: str = "shop/web:1", **simulated: str) -> Object:
        template = {
            "metadata": {"annotations": annotations(simulated)},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": image}]},
        }
        metadata = {"name": name, "namespace": self.namespace}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": metadata,
            "spec": {"backoffLimit": 0, "template": template},
        }


def annotations(simulated: dict[str, str]) -> dict[str, str]:
    return {f"{PREFIX}/{name.replace('_', '-')}": value for name, value in simulated.items()}


@pytest.fixture
async def scene(cluster: Cluster, namespace: str) -> AsyncIterator[Scene]:
    team = f"t{uuid.uuid4().hex[:8]}"
    desk = Desk()
    async with AsyncExitStack() as stack:
        kube = await stack.enter_async_context(open_cluster(str(cluster.kubeconfig), cluster.context))
        await stack.enter_async_context(desk.listening())
        teams = ImpersonatedTeams(kube, ServiceAccounts(kube, create=True))
        made = Scene(kube, namespace, team, desk, Station(desk, kube, teams, timeout=60), stack)
        await made.allow()
        yield made
        await kube.delete(ObjectRef("v1", "ServiceAccount", "default", f"serviceuser-{team}"))
