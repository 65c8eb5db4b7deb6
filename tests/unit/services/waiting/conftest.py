"""A cluster in memory in which the test plays the controllers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.health import Tolerance
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.services.engine.session import Unhealthy
from fairway.services.waiting import open_waiter


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@dataclass
class Cluster:
    """`MemoryKube` with the moves of controllers, kubelets and people."""

    kube: MemoryKube
    clock: Clock
    said: list[str] = field(default_factory=list)

    async def put(self, api_version: str, kind: str, name: str, status: Object | None = None, **of: Any) -> Object:
        """Apply an object by hand; `of` holds metadata parts by name, and `spec`, `involvedObject`, …"""
        parts = ("labels", "annotations", "ownerReferences", "finalizers")
        metadata = {"name": name, "namespace": "shop", **{part: of.pop(part) for part in parts if part in of}}
        obj = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **of}
        ref = ref_of(obj)
        stored = await self.kube.apply(obj, ref)
        return self.kube.set_status(ref, status) if status is not None else stored

    async def deployment(
        self, replicas: int = 2, *, image: str = "1", name: str = "web", revision: str = "1"
    ) -> Object:
        template = {"spec": {"containers": [{"name": "app", "image": image}]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
        revisions = {"deployment.kubernetes.io/revision": revision}
        return await self.put("apps/v1", "Deployment", name, spec=spec, annotations=revisions)

    async def owned(self, api_version: str, kind: str, name: str, owner: Object, status: Object, **of: Any) -> Object:
        reference = {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": True,
        }
        return await self.put(api_version, kind, name, status, ownerReferences=[reference], **of)

    async def replica_set(self, owner: Object, revision: str) -> Object:
        name = f"{owner['metadata']['name']}-r{revision}"
        revisions = {"deployment.kubernetes.io/revision": revision}
        return await self.owned("apps/v1", "ReplicaSet", name, owner, {}, spec={}, annotations=revisions)

    async def pod(self, name: str, owner: Object, status: Object, **of: Any) -> Object:
        return await self.owned("v1", "Pod", name, owner, status, spec={}, **of)

    async def event(self, about: Object, reason: str, message: str, kind: str = "Warning") -> None:
        name = f"{about['metadata']['name']}.{reason.lower()}"
        involved = {"uid": about["metadata"]["uid"]}
        await self.put("v1", "Event", name, type=kind, reason=reason, message=message, involvedObject=involved)

    def rolled_out(self, obj: Object, ready: int | None = None) -> None:
        wanted = obj["spec"]["replicas"]
        counts = dict.fromkeys(("readyReplicas", "availableReplicas"), wanted if ready is None else ready)
        conditions = [{"type": "Available", "status": "True"}]
        self.kube.set_status(
            ref_of(obj),
            {
                "observedGeneration": obj["metadata"]["generation"],
                "replicas": wanted,
                "updatedReplicas": wanted,
                **counts,
                "conditions": conditions,
            },
        )

    async def wait(
        self,
        *objects: Object,
        then: Callable[[], Any] | None = None,
        seconds: float = 20,
        mask: Callable[[str], str] = str,
        rules: Any = (),
    ) -> None:
        """Wait for these; `then` happens once the wait has begun."""
        async with open_waiter(self.kube, now=self.clock, tolerance=TOLERANCE, mask=mask) as waiter:
            applied = [(ref_of(obj), obj) for obj in objects]
            waiting = asyncio.ensure_future(
                waiter.until_healthy(
                    applied, timeout=timedelta(seconds=seconds), on_progress=self.said.append, rules=rules
                )
            )
            await asyncio.sleep(0.02)
            if then is not None:
                result = then()
                if result is not None:
                    await result
            await waiting

    async def fail(self, *objects: Object, **options: Any) -> Unhealthy:
        with pytest.raises(Unhealthy) as caught:
            await self.wait(*objects, **options)
        return caught.value

    def later(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)

    def ref(self, api_version: str, kind: str, name: str) -> ObjectRef:
        return ObjectRef(api_version, kind, "shop", name)


TOLERANCE = Tolerance(restarts=2, grace=timedelta(seconds=20), unschedulable=timedelta(seconds=60))


def crashing(restarts: int = 3) -> Object:
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    last = {"terminated": {"exitCode": 1, "reason": "Error"}}
    app = {"name": "app", "restartCount": restarts, "state": state, "lastState": last}
    return {"phase": "Running", "containerStatuses": [app]}


def creating() -> Object:
    app = {"name": "app", "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}
    return {"phase": "Pending", "containerStatuses": [app]}


@pytest.fixture
def cluster() -> Cluster:
    clock = Clock()
    return Cluster(MemoryKube(namespaces=("default", "shop"), now=clock), clock)
