"""Whether a change of the files replaces pods."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.services.branches.restarting import restarting


def workload(kind: str, image: str, **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": image}]}}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web"}, "spec": {"template": template, **spec}}


@pytest.mark.parametrize(
    ("kind", "spec", "told"),
    [
        ("Deployment", {"replicas": 3}, (3, "")),
        ("Deployment", {"replicas": 0}, (0, "")),
        ("Deployment", {}, (0, "its pods restart")),
        ("Deployment", {"replicas": 3, "paused": True}, (0, "")),
        ("StatefulSet", {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}}, (1, "")),
        ("StatefulSet", {"replicas": 3, "updateStrategy": {"type": "OnDelete"}}, (0, "")),
        ("DaemonSet", {}, (0, "its pods restart on every node")),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, (0, "")),
    ],
)
def test_another_pod_template_restarts_pods(kind: str, spec: dict[str, Any], told: tuple[int, str]) -> None:
    assert restarting(workload(kind, "web:1", **spec), workload(kind, "web:2", **spec)) == told


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_the_same_pod_template_restarts_nothing(kind: str) -> None:
    assert restarting(workload(kind, "web:1", replicas=1), workload(kind, "web:1", replicas=5)) == (0, "")
