"""deployd over a cluster, a queue and a memory that are in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.deployd import Desk, Station, allow_everything

from fairway.adapters.kube.memory import MemoryKube
from fairway.adapters.kube.memory.permitting import MemoryTeams
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    async with made.listening():
        yield made


@pytest.fixture
async def kube() -> MemoryKube:
    """A cluster in which the team `aura` may do anything in `shop`."""
    made = MemoryKube(namespaces=("default", "shop", "other"))
    for obj in allow_everything("shop"):
        await made.apply(obj, ref_of(obj))
    return made


@pytest.fixture
def station(desk: Desk, kube: MemoryKube) -> Station:
    return Station(desk, kube, MemoryTeams(kube, create=True))


def config_map(name: str = "settings", namespace: str = "shop", **data: str) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}}


def deployment(name: str = "web", image: str = "shop/web:1", **metadata: Any) -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "labels": labels, **metadata},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}},
        },
    }


def job(name: str = "migrate", image: str = "shop/web:1") -> Object:
    spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": image}]}}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def ref(kind: str, name: str) -> ObjectRef:
    versions = {"Deployment": "apps/v1", "Job": "batch/v1"}
    return ObjectRef(versions.get(kind, "v1"), kind, "shop", name)


async def become_ready(kube: MemoryKube, name: str = "web") -> None:
    """What the controller would write once the pods of the newest spec are ready."""
    live = await kube.get(ref("Deployment", name))
    assert live is not None
    ready = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    conditions = [{"type": "Available", "status": "True"}]
    kube.set_status(
        ref("Deployment", name),
        {"observedGeneration": live["metadata"]["generation"], "conditions": conditions, **ready},
    )


def complete(kube: MemoryKube, name: str = "migrate") -> None:
    kube.set_status(ref("Job", name), {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]})
