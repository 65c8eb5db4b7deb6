"""Kinds that the cluster does not come with: nais.io's Application by its status, and kinds that a request brings."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable

import pytest
from tests.support.clusters import Cluster
from tests.support.deployd import eventually
from tests.system.deployd.conftest import Scene

from fairway.domain.dispatch.statuses import ReportedState
from fairway.domain.health.applications import CORRELATION_ID
from fairway.domain.manifests.objects import Object, ref_of

pytestmark = pytest.mark.cluster
Operator = Callable[..., Awaitable[None]]
SUCCESS, FAILURE, WATCHING = ReportedState.SUCCESS, ReportedState.FAILURE, ReportedState.IN_PROGRESS


def definition(group: str, kind: str, version: str, scope: str = "Namespaced") -> Object:
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                }
            ],
        },
    }


@pytest.fixture
async def naiserator(scene: Scene, cluster: Cluster) -> Operator:
    """The CRD, and what the operator would write into a status."""
    crd = definition("nais.io", "Application", "v1alpha1")
    await scene.kube.apply(crd, ref_of(crd))
    await eventually(lambda: _is_served(scene))

    async def tell(state: str, delivery: str, message: str = "") -> None:
        path = f"/apis/nais.io/v1alpha1/namespaces/{scene.namespace}/applications/shop/status"
        condition = {"type": "SynchronizationState", "status": "True", "message": message}
        status = {"synchronizationState": state, "correlationID": delivery, "conditions": [condition]}
        body = json.dumps({"status": status})
        await asyncio.to_thread(cluster.client.request, "PATCH", path, json.loads(body), "application/merge-patch+json")

    return tell


async def _is_served(scene: Scene) -> bool:
    resources = await scene.kube.discover(fresh=True)
    return ("nais.io/v1alpha1", "Application") in resources.by_ref


def application(scene: Scene, image: str = "shop/web:1") -> Object:
    metadata = {"name": "shop", "namespace": scene.namespace, "labels": {"team": scene.team}}
    return {"apiVersion": "nais.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": {"image": image}}


async def test_an_application_is_judged_by_what_its_operator_says_of_this_delivery(
    scene: Scene, naiserator: Operator
) -> None:
    first, second = scene.request(application(scene)), scene.request(application(scene, "shop/web:2"))
    async with scene.station.started():
        await scene.desk.send(first)
        await scene.desk.reported(first, WATCHING)
        await naiserator("Synchronized", first.delivery_id)
        await naiserator("RolloutComplete", first.delivery_id)
        assert (await scene.desk.outcome(first)).state is SUCCESS
        await scene.desk.send(second)
        await scene.desk.reported(second, WATCHING)
        await asyncio.sleep(1)
        assert scene.desk.states(second) == ["pending", "in_progress"]
        await naiserator("FailedPrepare", second.delivery_id, "no such secret")
        outcome = await scene.desk.outcome(second)
    assert outcome.state is FAILURE
    assert outcome.description == (
        "Deployment failed: Application shop: FailedPrepare: no such secret (total of 1 error)"
    )


async def test_an_application_whose_pods_crash_fails_with_their_reason(scene: Scene, naiserator: Operator) -> None:
    request = scene.request(application(scene))
    before, pods = (
        scene.deployment("shop", fail="crash-loop"),
        scene.deployment("shop", fail="crash-loop", log="panic: no"),
    )
    async with scene.station.started():
        await scene.kube.apply(before, ref_of(before), manager="naiserator")
        await scene.desk.send(request)
        await scene.desk.reported(request, WATCHING)
        await naiserator("Synchronized", request.delivery_id)
        await asyncio.sleep(2)
        assert scene.desk.states(request) == ["pending", "in_progress"]
        pods["metadata"]["annotations"] = {CORRELATION_ID: request.delivery_id}
        await scene.kube.apply(pods, ref_of(pods), manager="naiserator")
        outcome = await scene.desk.outcome(request)
    assert outcome.state is FAILURE
    assert "container app: CrashLoopBackOff" in outcome.detail
    assert outcome.detail.splitlines()[-1] == "  panic: no"


async def test_a_request_may_bring_a_kind_and_a_namespace_and_use_them(scene: Scene, cluster: Cluster) -> None:
    mark = uuid.uuid4().hex[:8]
    api = "rbac.authorization.k8s.io"
    role: Object = {
        "apiVersion": f"{api}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"wide-{mark}"},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": f"serviceuser-{scene.team}"}],
    }
    await scene.kube.apply(role, ref_of(role))
    crd = definition(f"{mark}.example.com", "Ship", "v1", scope="Cluster")
    ship: Object = {"apiVersion": f"{mark}.example.com/v1", "kind": "Ship", "metadata": {"name": "a"}, "spec": {}}
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n-{mark}"}}
    inside = {**scene.config_map(), "metadata": {"name": "inside", "namespace": f"n-{mark}"}}
    request = scene.request(crd, ship, namespace, inside)
    try:
        async with scene.station.started():
            await scene.desk.send(request)
            outcome = await scene.desk.outcome(request)
        assert outcome.state is SUCCESS, outcome
        lines = outcome.detail.splitlines()
        assert f"not checked beforehand: ConfigMap n-{mark}/inside, which needs Namespace n-{mark}" in lines
        assert lines[-4:] == [
            f"applied: CustomResourceDefinition ships.{mark}.example.com",
            "applied: Ship a",
            f"applied: Namespace n-{mark}",
            f"applied: ConfigMap n-{mark}/inside",
        ]
    finally:
        for obj in (crd, namespace, role):
            await scene.kube.delete(ref_of(obj))
