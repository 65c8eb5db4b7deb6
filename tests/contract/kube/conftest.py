"""Each test of this folder runs over a cluster in memory and over a real control plane."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of


@dataclass
class World:
    """One implementation of the port, and a namespace in it."""

    kube: Any
    namespace: str

    def config_map(self, name: str = "settings", **data: str) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": self.namespace},
            "data": data,
        }

    def deployment(self, name: str = "web", replicas: int | None = 0, *containers: Object) -> Object:
        spec: Object = {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": list(containers) or [{"name": "app", "image": "shop/web:1"}]},
            },
        }
        if replicas is not None:
            spec["replicas"] = replicas
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }

    async def apply(self, obj: Object, **options: Any) -> Object:
        stored: Object = await self.kube.apply(obj, ref_of(obj), **options)
        return stored

    async def read(self, obj: Object) -> Object:
        stored = await self.kube.get(ref_of(obj))
        assert stored is not None
        return stored

    def ref(self, api_version: str, kind: str, name: str) -> ObjectRef:
        return ObjectRef(api_version, kind, self.namespace, name)


@pytest.fixture(params=["memory", pytest.param("cluster", marks=pytest.mark.cluster)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield World(MemoryKube(namespaces=("default", "team")), "team")
        return
    cluster, namespace = request.getfixturevalue("cluster"), request.getfixturevalue("namespace")
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        yield World(kube, namespace)
