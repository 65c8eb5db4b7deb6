"""How many pods a change replaces."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.restarts import restarts


def workload(kind: str, image: str, *, api: str = "apps/v1", status: Any = None, **spec: Any) -> Object:
    template = {"metadata": {}, "spec": {"containers": [{"name": "app", "image": image}]}}
    return {"apiVersion": api, "kind": kind, "spec": {"template": template, **spec}, "status": status or {}}


@pytest.mark.parametrize(
    ("kind", "spec", "status", "api", "pods"),
    [
        ("Deployment", {"replicas": 3}, {}, "apps/v1", 3),
        ("Deployment", {}, {}, "apps/v1", 1),
        ("Deployment", {"replicas": 0}, {}, "apps/v1", 0),
        ("Deployment", {"replicas": 3, "paused": True}, {}, "apps/v1", 0),
        ("StatefulSet", {"replicas": 5}, {}, "apps/v1", 5),
        ("StatefulSet", {"replicas": 5, "updateStrategy": {"rollingUpdate": {"partition": 3}}}, {}, "apps/v1", 2),
        ("StatefulSet", {"replicas": 5, "updateStrategy": {"type": "OnDelete"}}, {}, "apps/v1", 0),
        ("DaemonSet", {}, {"desiredNumberScheduled": 7}, "apps/v1", 7),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, {"desiredNumberScheduled": 7}, "apps/v1", 0),
        ("Rollout", {"replicas": 2}, {}, "argoproj.io/v1alpha1", 2),
        ("ReplicaSet", {"replicas": 2}, {}, "apps/v1", 0),
        ("Job", {}, {}, "batch/v1", 0),
    ],
)
def test_a_changed_pod_template_replaces_the_running_pods(
    kind: str, spec: dict[str, Any], status: dict[str, Any], api: str, pods: int
) -> None:
    old = workload(kind, "a:1", api=api, status=status, **spec)
    new = workload(kind, "a:2", api=api, status=status, **spec)
    assert restarts(old, new) == pods


def test_nothing_restarts_when_the_template_stays() -> None:
    old, new = workload("Deployment", "a:1", replicas=2), workload("Deployment", "a:1", replicas=5)
    new["spec"]["template"]["metadata"] = {"creationTimestamp": None}
    assert restarts(old, new) == 0


def test_new_and_removed_objects_restart_nothing() -> None:
    assert restarts(None, workload("Deployment", "a:1")) == 0
    assert restarts(workload("Deployment", "a:1"), None) == 0


def test_scaling_and_changing_at_once_counts_the_running_pods() -> None:
    old, new = workload("Deployment", "a:1", replicas=2), workload("Deployment", "a:2", replicas=9)
    assert restarts(old, new) == 2
