"""Waiting on a real control plane, with pods that fail on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.support.clusters import Cluster

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.client import KubeClient
from fairway.domain.health import Tolerance
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.services.engine.session import Unhealthy
from fairway.services.waiting import WatchingWaiter, open_waiter

pytestmark = pytest.mark.cluster
PREFIX = "devcluster.fairway.dev"


@dataclass
class Scene:
    kube: KubeClient
    waiter: WatchingWaiter
    namespace: str
    said: list[str]

    def deployment(self, name: str = "web", replicas: int = 1, image: str = "shop/web:1", **simulated: str) -> Object:
        return self.workload("apps/v1", "Deployment", name, replicas, image, **simulated)

    def workload(
        self, api_version: str, kind: str, name: str, replicas: int | None, image: str = "shop/web:1", **simulated: str
    ) -> Object:
        labels = {"app": name}
        spec: Object = {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations(simulated)},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        }
        if replicas is not None:
            spec["replicas"] = replicas
        return {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }

    def job(self, name: str = "migrate", **simulated: str) -> Object:
        template = {
            "metadata": {"annotations": annotations(simulated)},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "shop/web:1"}]},
        }
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"backoffLimit": 0, "template": template},
        }

    async def apply(self, *objects: Object) -> list[tuple[ObjectRef, Object]]:
        return [(ref_of(obj), await self.kube.apply(obj, ref_of(obj))) for obj in objects]

    async def healthy(self, *objects: Object, seconds: float = 60) -> None:
        applied = await self.apply(*objects)
        await self.waiter.until_healthy(applied, timeout=timedelta(seconds=seconds), on_progress=self.said.append)

    async def unhealthy(self, *objects: Object, seconds: float = 60) -> Unhealthy:
        with pytest.raises(Unhealthy) as caught:
            await self.healthy(*objects, seconds=seconds)
        return caught.value

    async def complete(self, obj: Object, seconds: float = 60) -> None:
        await self.kube.create(obj, ref_of(obj))
        await self.waiter.until_complete(ref_of(obj), timeout=timedelta(seconds=seconds), on_progress=self.said.append)


def annotations(simulated: dict[str, str]) -> dict[str, str]:
    return {f"{PREFIX}/{name.replace('_', '-')}": value for name, value in simulated.items()}


@pytest.fixture
async def scene(cluster: Cluster, namespace: str) -> AsyncIterator[Scene]:
    tolerance = Tolerance(restarts=1, grace=timedelta(seconds=4))
    async with (
        open_cluster(str(cluster.kubeconfig), cluster.context) as kube,
        open_waiter(kube, tolerance=tolerance) as waiter,
    ):
        yield Scene(kube, waiter, namespace, [])


async def test_a_deployment_becomes_healthy(scene: Scene) -> None:
    await scene.healthy(scene.deployment(replicas=3))
    live = await scene.kube.get(ref_of(scene.deployment()))
    assert live is not None
    assert live["status"]["readyReplicas"] == 3
    assert any("of 3 pods" in text for text in scene.said)


async def test_a_stateful_set_a_daemon_set_and_a_claim_become_healthy(scene: Scene) -> None:
    claim: Object = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": scene.namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    ordered = scene.workload("apps/v1", "StatefulSet", "db", 2)
    ordered["spec"]["serviceName"] = "db"
    await scene.healthy(claim, ordered, scene.workload("apps/v1", "DaemonSet", "agent", None))


async def test_no_watch_is_opened_for_what_wants_no_pods(scene: Scene) -> None:
    config: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": scene.namespace}}
    await scene.healthy(config, *(scene.deployment(f"web-{n}", replicas=0) for n in range(5)))
    assert scene.kube.requests["watch"] == 0
    assert scene.kube.requests["list"] == 0


async def test_many_who_wait_share_three_watches(scene: Scene) -> None:
    await asyncio.gather(*(scene.healthy(scene.deployment(f"web-{n}")) for n in range(12)))
    assert scene.kube.requests["watch"] == 3
    assert scene.kube.requests["list"] == 3
    assert scene.kube.requests["get"] == 0


async def test_a_slow_start_is_waited_for_and_told(scene: Scene) -> None:
    await scene.healthy(scene.deployment(ready_after="3s"))
    assert any("0 of 1 pods ready; web-" in text for text in scene.said)


async def test_a_crash_loop_fails_with_exit_code_and_last_log_lines(scene: Scene) -> None:
    error = await scene.unhealthy(
        scene.deployment(fail="crash-loop", exit_code="3", log="starting\npanic: DATABASE_URL is not set")
    )
    assert error.message.startswith("pod web-")
    assert "container app: CrashLoopBackOff, exit code 3, 1 restart" in error.message
    assert error.lines[-1] == "  panic: DATABASE_URL is not set"
    assert not error.timed_out


async def test_an_image_that_cannot_be_pulled_fails_at_once(scene: Scene) -> None:
    error = await scene.unhealthy(scene.deployment(fail="image-pull", image="shop/nowhere:1"))
    assert "container app: ImagePullBackOff" in error.message or "container app: ErrImagePull" in error.message
    assert "shop/nowhere:1" in error.message


async def test_a_timeout_says_what_was_missing_and_why(scene: Scene) -> None:
    error = await scene.unhealthy(scene.deployment(fail="never-ready"), seconds=4)
    assert error.timed_out
    assert error.message.startswith("not ready after 4 s: Deployment web: 0 of 1 pods ready; web-")
    assert any("Unhealthy: Readiness probe failed" in line for line in error.lines)


async def test_a_failing_job_is_told_by_its_last_run(scene: Scene) -> None:
    error = await scene.unhealthy(scene.job(fail="job-fail", exit_code="7", log="cannot connect"))
    assert error.message.startswith("Job migrate: BackoffLimitExceeded; pod migrate-")
    assert "exit code 7" in error.message
    assert error.lines == ("  cannot connect",)


async def test_a_hook_job_completes(scene: Scene) -> None:
    await scene.complete(scene.job(runs_for="2s"))


async def test_a_hook_job_that_fails_is_told(scene: Scene) -> None:
    with pytest.raises(Unhealthy, match=r"Job migrate: BackoffLimitExceeded; pod migrate-.*exit code 1"):
        await scene.complete(scene.job(fail="job-fail"))


async def test_a_hook_job_whose_image_is_missing_does_not_wait_for_its_retries(scene: Scene) -> None:
    with pytest.raises(Unhealthy, match=r"ImagePullBackOff|ErrImagePull"):
        await scene.complete(scene.job(fail="image-pull"))


async def test_a_hook_pod_completes(scene: Scene) -> None:
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "check", "namespace": scene.namespace},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "shop/web:1"}]},
    }
    await scene.complete(pod)


async def test_what_is_no_job_and_no_pod_is_complete_unasked(scene: Scene) -> None:
    config: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": scene.namespace}}
    before = scene.kube.requests.total()
    await scene.waiter.until_complete(ref_of(config), timeout=timedelta(seconds=1), on_progress=scene.said.append)
    assert scene.kube.requests.total() == before


async def test_a_crashing_pod_of_the_old_state_does_not_fail_the_new_one(scene: Scene) -> None:
    broken = scene.deployment(fail="crash-loop")
    await scene.unhealthy(broken)
    # The old pods stay until the new one is ready, which takes three seconds.
    await scene.healthy(scene.deployment(image="shop/web:2", ready_after="3s"))


async def test_a_failing_new_state_fails_although_the_old_pods_are_ready(scene: Scene) -> None:
    await scene.healthy(scene.deployment(replicas=2))
    error = await scene.unhealthy(scene.deployment(replicas=2, image="shop/web:2", fail="image-pull"))
    assert "ImagePull" in error.message


async def test_the_state_before_the_apply_is_never_taken_for_the_new_one(scene: Scene) -> None:
    for n in range(5):
        await scene.healthy(scene.deployment(image=f"shop/web:{n}"))
        live = await scene.kube.get(ref_of(scene.deployment()))
        assert live is not None
        assert live["status"]["observedGeneration"] == live["metadata"]["generation"]
        assert live["status"]["updatedReplicas"] == 1


async def test_an_object_that_somebody_deletes_meanwhile_ends_the_wait(scene: Scene) -> None:
    obj = scene.deployment(fail="never-ready")
    waiting = asyncio.ensure_future(scene.unhealthy(obj))
    await asyncio.sleep(1)
    await scene.kube.delete(ref_of(obj))
    assert (await waiting).message == "Deployment web: was deleted while it was waited for"


async def test_a_quota_that_forbids_pods_is_the_reason(scene: Scene) -> None:
    quota: Object = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none", "namespace": scene.namespace},
        "spec": {"hard": {"pods": "0"}},
    }
    await scene.apply(quota)
    async with asyncio.timeout(20):
        while not ((await scene.kube.get(ref_of(quota))) or {}).get("status"):
            await asyncio.sleep(0.1)
    error = await scene.unhealthy(scene.deployment())
    assert "exceeded quota" in error.message


async def test_a_pod_that_fits_no_node_is_the_reason(scene: Scene, cluster: Cluster) -> None:
    obj = scene.deployment()
    obj["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    tolerance = Tolerance(unschedulable=timedelta(seconds=1))
    async with open_waiter(scene.kube, tolerance=tolerance) as waiter:
        with pytest.raises(Unhealthy, match="Unschedulable: 0/3 nodes are available"):
            await waiter.until_healthy(
                await scene.apply(obj), timeout=timedelta(seconds=30), on_progress=scene.said.append
            )


async def test_waiting_until_gone_ends_when_the_finalizer_does(scene: Scene) -> None:
    held: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "held", "namespace": scene.namespace, "finalizers": ["example.com/hold"]},
    }
    await scene.apply(held)
    await scene.kube.delete(ref_of(held))
    with pytest.raises(Unhealthy, match=r"still there after 1 s: ConfigMap held \(held by example.com/hold\)"):
        await scene.waiter.until_gone([ref_of(held)], timeout=timedelta(seconds=1))
    gone = asyncio.ensure_future(scene.waiter.until_gone([ref_of(held)], timeout=timedelta(seconds=30)))
    await asyncio.sleep(0.3)
    release = {"metadata": {"finalizers": None}}
    await scene.kube.patch(ref_of(held), release, content_type="application/merge-patch+json")
    await gone


async def test_pods_are_waited_for_until_they_are_gone(scene: Scene) -> None:
    obj = scene.deployment(replicas=2)
    await scene.healthy(obj)
    pods = (await scene.kube.discover()).by_ref["v1", "Pod"]
    refs = [ref_of(pod) for pod in await scene.kube.list_objects(pods, scene.namespace)]
    await scene.kube.delete(ref_of(obj))
    await scene.waiter.until_gone([ref_of(obj), *refs], timeout=timedelta(seconds=60))
    assert await scene.kube.list_objects(pods, scene.namespace) == []


async def test_cancelling_leaves_no_watch_behind(cluster: Cluster, scene: Scene) -> None:
    async with open_waiter(scene.kube) as waiter:
        applied = await scene.apply(scene.deployment(fail="never-ready"))
        waiting: asyncio.Task[Any] = asyncio.ensure_future(
            waiter.until_healthy(applied, timeout=timedelta(minutes=5), on_progress=scene.said.append)
        )
        await asyncio.sleep(0.5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    others = [task for task in asyncio.all_tasks() if "Feed.run" in repr(task)]
    assert not others
