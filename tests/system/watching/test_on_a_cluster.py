"""The drift watch on a real control plane, whose controllers write all the time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.support.clusters import Cluster
from tests.support.engine import Declared, World, cluster_world, config_map, plain
from tests.unit.services.watching.conftest import Watching, open_watching

from fairway.adapters.kube import open_cluster
from fairway.domain.manifests.objects import Object, ObjectRef

pytestmark = pytest.mark.cluster


def deployment(replicas: int = 2) -> Object:
    labels = {"app": "web"}
    containers = [{"name": "web", "image": "web:1"}]
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def service() -> Object:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def crd(group: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "ships", "singular": "ship", "kind": "Ship"}
    spec = {"group": group, "names": names, "scope": "Namespaced", "versions": [version]}
    kind = "CustomResourceDefinition"
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": kind, "metadata": {"name": f"ships.{group}"}, "spec": spec,
    }  # fmt: skip


async def ready(watching: Watching, watches: int, *declared: Declared) -> None:
    await watching.world.apply(*declared)
    await watching.over(*declared)
    await watching.until(lambda: watching.watch.watches == watches)
    await watching.a_while()


async def test_controllers_are_no_drift_and_people_are(cluster: Cluster, namespace: str) -> None:
    async with cluster_world(cluster.kubeconfig, namespace) as world, open_watching(world) as watching:
        await ready(watching, 2, plain("web", deployment(), service()))
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
        # An autoscaler's way, and then the pods come and go and the status changes.
        cluster.client.request(
            "PATCH",
            f"{path}/scale?fieldManager=kube-controller-manager",
            {"spec": {"replicas": 4}},
            "application/merge-patch+json",
        )
        cluster.client.wait(path, lambda obj: (obj.get("status") or {}).get("readyReplicas") == 4)
        await watching.a_while()
        assert watching.named == []
        patch = {"spec": {"selector": {"app": "other"}}}
        service_path = f"/api/v1/namespaces/{namespace}/services/web?fieldManager=kubectl-edit"
        cluster.client.request("PATCH", service_path, patch, "application/merge-patch+json")
        await watching.until(lambda: watching.named == [("test", "web")])
        result = await world.apply(plain("web", deployment(), service()))
        assert result.results["web"].outcome.value == "corrected"
        await watching.a_while()
        assert watching.named == [("test", "web")], "what was put right by us is not named"
        await asyncio.sleep(2)
        await world.kube.delete(ObjectRef("apps/v1", "Deployment", namespace, "web"))
        await watching.until(lambda: len(watching.named) == 2)


async def test_a_kind_that_comes_later_is_watched_once_it_is_deployed(cluster: Cluster, namespace: str) -> None:
    group = f"{namespace}.example.com"
    ship = {"apiVersion": f"{group}/v1", "kind": "Ship", "metadata": {"name": "one"}, "spec": {"sails": 3}}
    async with cluster_world(cluster.kubeconfig, namespace) as world, open_watching(world) as watching:
        await ready(watching, 1, plain("web", config_map("web", colour="blue")))
        cluster.client.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd(group))
        try:
            await ready(watching, 2, plain("web", config_map("web", colour="blue")), plain("fleet", ship))
            await world.kube.delete(ObjectRef(f"{group}/v1", "Ship", namespace, "one"))
            await watching.until(lambda: watching.named == [("test", "fleet")])
        finally:
            cluster.client.delete(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ships.{group}")


async def test_what_the_role_does_not_allow_is_told_and_the_rest_is_watched(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]},
    ]
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    about = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "watcher"}}
    cluster.client.create(f"{rbac}/roles", {**about, "kind": "Role", "rules": rules})
    who = {"kind": "User", "name": "watcher", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": "watcher", "apiGroup": "rbac.authorization.k8s.io"}
    cluster.client.create(f"{rbac}/rolebindings", {**about, "kind": "RoleBinding", "subjects": [who], "roleRef": role})
    async with cluster_world(cluster.kubeconfig, namespace) as world:
        declared = plain("web", config_map("web", colour="blue"), service())
        await world.apply(declared)
        async with (
            open_cluster(str(limited(cluster.kubeconfig, tmp_path)), None) as kube,
            open_watching(as_seen_by(world, kube)) as watching,
        ):
            await watching.over(declared)
            await watching.until(lambda: bool(watching.problems))
            assert "services is forbidden" in watching.watch.problems[0]
            await watching.a_while()
            await world.kube.delete(ObjectRef("v1", "Service", namespace, "web"))
            await world.kube.delete(ObjectRef("v1", "ConfigMap", namespace, "web"))
            await watching.until(lambda: bool(watching.named))


def limited(kubeconfig: Path, folder: Path) -> Path:
    """The same cluster as the user `watcher`."""
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    for user in document["users"]:
        user["user"]["as"] = "watcher"
    path = folder / "watcher.kubeconfig"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def as_seen_by(world: World, kube: object) -> World:
    return replace(world, session=replace(world.session, kube=kube))
