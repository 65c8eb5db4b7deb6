"""Field ownership, patches and differences, held against a real API server."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from tests.support.clusters import Cluster
from tests.support.kube import KubeError

from fairway.domain.manifests.diff import differences
from fairway.domain.manifests.field_sets import fingerprint, path_text
from fairway.domain.manifests.managed_fields import (
    applied_by,
    still_ours,
    without_paths,
    yields,
)
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.restarts import restarts
from fairway.domain.manifests.strategic import merge
from fairway.domain.manifests.takeover import LAST_APPLIED, after_takeover, needs_takeover, takeover_patch

pytestmark = pytest.mark.cluster

JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


class Namespace:
    """Objects of one namespace, written as different managers do."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._client = cluster.client
        self._name = name

    def path(self, obj: Object, *, collection: bool = False) -> str:
        api = obj["apiVersion"]
        root = f"/apis/{api}" if "/" in api else f"/api/{api}"
        kind = obj["kind"].lower()
        plural = "ingresses" if kind == "ingress" else f"{kind}s"
        return f"{root}/namespaces/{self._name}/{plural}" + ("" if collection else f"/{obj['metadata']['name']}")

    def get(self, obj: Object) -> Object:
        return dict(self._client.get(self.path(obj)))

    def create(self, obj: Object, manager: str) -> Object:
        return dict(self._client.create(f"{self.path(obj, collection=True)}?fieldManager={manager}", obj))

    def apply(self, obj: Object, *, dry_run: bool = False, manager: str = "helm") -> Object:
        query = "force=true&fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        return self._send(
            "PATCH", f"{self.path(obj)}?{query}&fieldManager={manager}", obj, "application/apply-patch+yaml"
        )

    def patch(self, obj: Object, patch: Any, kind: str, manager: str = "helm") -> Object:
        return self._send("PATCH", f"{self.path(obj)}?fieldManager={manager}", patch, kind)

    def scale(self, obj: Object, replicas: int, manager: str) -> None:
        body = {"spec": {"replicas": replicas}}
        path = f"{self.path(obj)}/scale?fieldManager={manager}"
        self._send("PATCH", path, body, "application/merge-patch+json")

    def take_over(self, obj: Object) -> Object:
        """Controllers write to a fresh object too, so the first attempts may come too late."""
        for _ in range(20):
            try:
                return self.patch(obj, takeover_patch(self.get(obj)), JSON_PATCH)
            except KubeError as error:
                if error.code != 409:
                    raise
        raise AssertionError(f"{obj['metadata']['name']} never stood still")

    def _send(self, method: str, path: str, body: Any, kind: str) -> Object:
        answer: Object = json.loads(self._client.request(method, path, body, kind))
        return answer


@pytest.fixture
def space(cluster: Cluster, namespace: str) -> Namespace:
    return Namespace(cluster, namespace)


def deployment(**container: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "app", "image": "web:1", **container}]},
            },
        },
    }


ENV = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "C", "value": "3"}]


@pytest.mark.parametrize("manager", ["helm", "kubectl-client-side-apply", "Go-http-client"])
def test_fields_that_leave_the_chart_go_after_a_takeover(space: Namespace, manager: str) -> None:
    old = deployment(env=ENV, ports=[{"containerPort": 80}])
    old["metadata"]["annotations"] = {LAST_APPLIED: "{}", "gone": "1", "stays": "1"}
    live = space.create(old, manager)
    assert needs_takeover(live)

    taken = space.take_over(old)
    assert not needs_takeover(taken)
    new = deployment(env=ENV[1:])
    new["metadata"]["annotations"] = {"stays": "1"}
    after = space.apply(new)

    [container] = after["spec"]["template"]["spec"]["containers"]
    assert container["env"] == ENV[1:]
    assert "ports" not in container
    assert {"stays": "1"}.items() <= after["metadata"]["annotations"].items()
    assert not {"gone", LAST_APPLIED} & after["metadata"]["annotations"].keys()


def test_a_plan_foresees_what_a_takeover_removes(space: Namespace) -> None:
    old = deployment(env=ENV, ports=[{"containerPort": 80}], command=["a", "b"])
    old["spec"]["template"]["spec"]["containers"].append({"name": "gone", "image": "x:1"})
    old["spec"]["template"]["spec"]["hostNetwork"] = False
    old["metadata"]["annotations"] = {"gone": "1", "stays": "1"}
    space.create(old, "helm")
    new = deployment(env=ENV[1:], image="web:2")
    new["metadata"]["annotations"] = {"stays": "1"}

    live = space.get(old)
    foreseen = after_takeover(live, space.apply(new, dry_run=True), [old])
    space.take_over(old)
    stored = space.apply(new)

    assert [change.path for change in differences(foreseen, stored)] == []
    paths = {change.path for change in differences(live, foreseen)}
    pod = "spec.template.spec.containers"
    assert {f"{pod}[app].env[A]", f"{pod}[app].ports", f"{pod}[app].command", f"{pod}[gone]"} <= paths


def test_without_a_takeover_they_would_stay(space: Namespace) -> None:
    space.create(deployment(env=ENV), "helm")
    after = space.apply(deployment(env=ENV[1:]))
    assert after["spec"]["template"]["spec"]["containers"][0]["env"] == ENV


def test_a_takeover_changes_nothing_but_ownership(space: Namespace) -> None:
    live = space.create(deployment(env=ENV), "helm")
    assert differences(live, space.take_over(deployment())) == ()


def test_a_takeover_joins_an_apply_that_is_there_already(space: Namespace) -> None:
    space.create(deployment(env=ENV), "helm")
    space.apply(deployment(image="web:2"))
    space.take_over(deployment())
    after = space.apply(deployment(image="web:3"))
    assert "env" not in after["spec"]["template"]["spec"]["containers"][0]
    assert len([e for e in after["metadata"]["managedFields"] if e["manager"] == "helm"]) == 1


def test_a_takeover_of_an_object_that_moved_is_a_conflict(space: Namespace) -> None:
    live = space.create(deployment(), "helm")
    space.patch(live, {"metadata": {"labels": {"x": "y"}}}, "application/merge-patch+json", manager="kubectl-label")
    with pytest.raises(KubeError) as caught:
        space.patch(live, takeover_patch(live), JSON_PATCH)
    assert caught.value.code == 409


def test_a_takeover_across_api_versions_lets_the_new_version_apply(space: Namespace) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    old: Object = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "labels": {"gone": "1"}},
        "spec": {"maxReplicas": 3, "targetCPUUtilizationPercentage": 80, "scaleTargetRef": target},
    }
    space.create(old, "helm")
    memory = {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 70}}
    new: Object = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "maxReplicas": 4,
            "scaleTargetRef": target,
            "metrics": [{"type": "Resource", "resource": memory}],
        },
    }
    space.take_over(new)
    after = space.apply(new)
    assert after["spec"]["maxReplicas"] == 4
    assert [metric["resource"]["name"] for metric in after["spec"]["metrics"]] == ["memory"]
    assert "gone" not in after["metadata"].get("labels", {})


def test_an_autoscaler_is_left_alone(space: Namespace) -> None:
    stored = fingerprint(applied_by(space.apply(deployment())) or {})
    space.scale(deployment(), 2, "kube-controller-manager")
    live = space.get(deployment())
    excused = yields(live)
    assert [path_text(path) for path in excused] == ["spec.replicas"]
    assert still_ours(stored, applied_by(live) or {}, excused)
    assert space.apply(without_paths(deployment(image="web:2"), excused))["spec"]["replicas"] == 2


def test_a_person_s_scaling_is_drift(space: Namespace) -> None:
    stored = fingerprint(applied_by(space.apply(deployment())) or {})
    space.scale(deployment(), 2, "kubectl")
    live = space.get(deployment())
    assert not still_ours(stored, applied_by(live) or {}, yields(live))
    assert space.apply(deployment())["spec"]["replicas"] == 0


def test_a_changed_field_loses_its_fingerprint_and_an_added_one_does_not(space: Namespace) -> None:
    applied = applied_by(space.apply(deployment(env=ENV))) or {}
    stored = fingerprint(applied)
    added = {"metadata": {"annotations": {"note": "by hand"}}}
    live = space.patch(deployment(), added, "application/merge-patch+json", "kubectl-annotate")
    assert still_ours(stored, applied_by(live) or {})
    edited = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:9"}]}}}}
    live = space.patch(deployment(), edited, STRATEGIC, "kubectl-edit")
    assert not still_ours(stored, applied_by(live) or {})


def test_what_a_rule_excuses_is_no_drift(space: Namespace) -> None:
    limits = {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}
    stored = fingerprint(applied_by(space.apply(deployment(**limits))) or {})
    change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "resources": {"limits": {"cpu": "2"}}}]}}}}
    live = space.patch(deployment(), change, STRATEGIC, "vpa-updater")
    assert not still_ours(stored, applied_by(live) or {})
    excused = yields(live, pointers=["/spec/template/spec/containers/*/resources"])
    assert still_ours(stored, applied_by(live) or {}, excused)
    kept = space.apply(without_paths(deployment(**limits), excused))
    assert kept["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "2", "memory": "1Gi"}


OBJECTS: list[Object] = [
    deployment(env=ENV, ports=[{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]),
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}, {"port": 53, "protocol": "UDP", "name": "dns"}]},
    },
    {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {**deployment()["spec"], "serviceName": "db"},
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
    },
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "1"}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "1"}},
    {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {"schedule": "* * * * *"}},
]
OBJECTS[1]["spec"]["ports"][0]["name"] = "http"
OBJECTS[-1]["spec"]["jobTemplate"] = {
    "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}}}
}


@pytest.mark.parametrize("obj", OBJECTS, ids=lambda obj: obj["kind"])
def test_an_unchanged_object_has_no_difference(space: Namespace, obj: Object) -> None:
    live = space.apply(obj)
    assert differences(live, space.apply(obj, dry_run=True)) == ()
    assert restarts(live, space.apply(obj, dry_run=True)) == 0


def test_a_dry_run_tells_exactly_the_changed_field(space: Namespace) -> None:
    space.apply(deployment(env=ENV))
    live = space.get(deployment())
    wanted = space.apply(deployment(env=ENV, image="web:2"), dry_run=True)
    [change] = differences(live, wanted)
    assert change.path == "spec.template.spec.containers[app].image"
    assert (change.old, change.new) == ("web:1", "web:2")


PATCHES: dict[str, Any] = {
    "containers": [{"name": "sidecar", "image": "s:1"}, {"name": "app", "image": "web:2", "env": [ENV[0]]}],
    "deletes": [{"name": "app", "env": [{"name": "A", "$patch": "delete"}]}],
    "replaces": [{"name": "app", "env": [{"$patch": "replace"}, {"name": "D", "value": "3"}]}],
    "ports": [{"name": "app", "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 81}]}],
    "order": [{"name": "app", "ports": [{"containerPort": 82}, {"containerPort": 80, "name": "x"}]}],
    "between": [{"name": "app", "env": [{"name": "N", "value": "0"}, {"name": "B", "value": "3"}]}],
    "last first": [{"name": "app", "env": [{"name": "C", "value": "9"}, {"name": "A", "value": "9"}]}],
    "nulls": [{"name": "app", "imagePullPolicy": "Always", "env": None}],
}


@pytest.mark.parametrize("containers", PATCHES.values(), ids=PATCHES.keys())
def test_strategic_merge_does_what_the_api_server_does(space: Namespace, containers: list[Any]) -> None:
    old = space.create(deployment(env=ENV, ports=[{"containerPort": 80, "protocol": "TCP"}]), "tests")
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    ours = merge(copy.deepcopy(old), patch)
    theirs = space.patch(old, patch, STRATEGIC, "tests")
    assert ours is not None
    assert _names(ours) == _names(theirs)
    assert [c.path for c in differences(ours, theirs) if not _defaulted(c.path)] == []


def _names(obj: Object) -> list[str]:
    return [container["name"] for container in obj["spec"]["template"]["spec"]["containers"]]


def _defaulted(path: str) -> bool:
    """Fields that the API server fills in for a container or port that a patch brought."""
    return path.endswith(
        ("imagePullPolicy", "resources", "terminationMessagePath", "terminationMessagePolicy", "protocol")
    )
