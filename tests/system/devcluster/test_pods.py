"""What becomes of pods: well by default, badly when an annotation asks for it. The shapes are the real kubelet's."""

from typing import Any

import pytest
from tests.support.clusters import Cluster
from tests.support.kube import KubeError

pytestmark = pytest.mark.cluster

PREFIX = "devcluster.fairway.dev/"


def template(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "labels": {"app": "web"},
            "annotations": {PREFIX + key: value for key, value in (annotations or {}).items()},
        },
        "spec": {"containers": [{"name": "app", "image": "shop/web:1"}], **spec},
    }


def deploy(cluster: Cluster, namespace: str, replicas: int = 1, **annotations: str) -> str:
    """Create Deployment `web`; the path of its pods."""
    cluster.client.create(
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": template({key.replace("_", "-"): value for key, value in annotations.items()}),
            },
        },
    )
    return f"/api/v1/namespaces/{namespace}/pods"


def run_job(cluster: Cluster, namespace: str, **annotations: str) -> tuple[str, str]:
    """Create Job `once`; the paths of the job and of its pods."""
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    cluster.client.create(
        jobs,
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "once"},
            "spec": {
                "backoffLimit": 0,
                "template": template(
                    {key.replace("_", "-"): value for key, value in annotations.items()}, restartPolicy="Never"
                ),
            },
        },
    )
    return f"{jobs}/once", f"/api/v1/namespaces/{namespace}/pods"


def container(pods: Any) -> dict[str, Any]:
    found: dict[str, Any] = pods["items"][0]["status"]["containerStatuses"][0]
    return found


def waits_for(reason: str) -> Any:
    def holds(pods: Any) -> bool:
        return any(
            status["state"].get("waiting", {}).get("reason") == reason
            for pod in pods["items"]
            for status in pod["status"].get("containerStatuses", [])
        )

    return holds


def condition(item: Any, kind: str) -> str:
    return next((c["status"] for c in item["status"].get("conditions", []) if c["type"] == kind), "")


def test_a_deployment_becomes_available_and_its_service_gets_endpoints(cluster: Cluster, namespace: str) -> None:
    cluster.client.create(
        f"/api/v1/namespaces/{namespace}/services",
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}], "type": "LoadBalancer"},
        },
    )
    deploy(cluster, namespace, replicas=3)
    deployment = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    cluster.client.wait(deployment, lambda item: item["status"].get("availableReplicas") == 3)
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    cluster.client.wait(slices, lambda found: len((found["items"] or [{}])[0].get("endpoints") or []) == 3)
    service = f"/api/v1/namespaces/{namespace}/services/web"
    balanced = cluster.client.wait(service, lambda item: item["status"]["loadBalancer"].get("ingress"))
    assert balanced["status"]["loadBalancer"]["ingress"][0]["ip"].startswith("203.0.113.")


def test_a_crash_loop_looks_like_one(cluster: Cluster, namespace: str) -> None:
    lines = "starting\npanic: DATABASE_URL is not set"
    pods = deploy(cluster, namespace, fail="crash-loop", log=lines, exit_code="2")
    status = container(cluster.client.wait(pods, waits_for("CrashLoopBackOff")))
    assert status["restartCount"] >= 1
    assert status["ready"] is False
    assert status["lastState"]["terminated"]["exitCode"] == 2
    assert status["lastState"]["terminated"]["reason"] == "Error"
    assert "restarting failed container=app" in status["state"]["waiting"]["message"]
    pod = cluster.client.get(pods)["items"][0]
    assert condition(pod, "Ready") == "False"
    name = pod["metadata"]["name"]
    assert cluster.client.text(f"{pods}/{name}/log?previous=true") == lines + "\n"
    assert cluster.client.text(f"{pods}/{name}/log?tailLines=1") == "panic: DATABASE_URL is not set\n"
    events = cluster.client.wait(
        f"/api/v1/namespaces/{namespace}/events",
        lambda found: any(event["reason"] == "BackOff" for event in found["items"]),
    )
    assert {event["type"] for event in events["items"] if event["reason"] == "BackOff"} == {"Warning"}


def test_an_image_that_cannot_be_pulled_keeps_the_pod_pending(cluster: Cluster, namespace: str) -> None:
    pods = deploy(cluster, namespace, fail="image-pull")
    found = cluster.client.wait(pods, waits_for("ImagePullBackOff"))
    assert 'pulling image "shop/web:1"' in container(found)["state"]["waiting"]["message"]
    assert found["items"][0]["status"]["phase"] == "Pending"
    name = found["items"][0]["metadata"]["name"]
    with pytest.raises(KubeError, match="waiting to start: ImagePullBackOff") as refused:
        cluster.client.text(f"{pods}/{name}/log")
    assert refused.value.code == 400


def test_a_pod_that_is_never_ready_runs(cluster: Cluster, namespace: str) -> None:
    pods = deploy(cluster, namespace, fail="never-ready")
    found = cluster.client.wait(pods, lambda found: [p["status"]["phase"] for p in found["items"]] == ["Running"])
    assert condition(found["items"][0], "Ready") == "False"
    assert "running" in container(found)["state"]


def test_a_slow_pod_runs_first_and_is_ready_later(cluster: Cluster, namespace: str) -> None:
    pods = deploy(cluster, namespace, ready_after="2s")
    first = cluster.client.wait(pods, lambda found: [p["status"]["phase"] for p in found["items"]] == ["Running"])
    assert condition(first["items"][0], "Ready") == "False"
    cluster.client.wait(pods, lambda found: condition(found["items"][0], "Ready") == "True")


def test_a_misspelt_failure_is_named_in_the_pod(cluster: Cluster, namespace: str) -> None:
    pods = deploy(cluster, namespace, fail="crashloop")
    found = cluster.client.wait(pods, waits_for("CreateContainerConfigError"))
    message = container(found)["state"]["waiting"]["message"]
    assert '"crashloop" is not one of crash-loop, image-pull, never-ready, job-fail' in message


def test_only_the_named_container_fails(cluster: Cluster, namespace: str) -> None:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    both = [{"name": "app", "image": "a"}, {"name": "sidecar", "image": "b"}]
    cluster.client.create(
        pods,
        {
            "apiVersion": "v1",
            "kind": "Pod",
            **template({"fail": "crash-loop", "container": "sidecar"}, containers=both),
        }
        | {"metadata": {"name": "p", "annotations": {PREFIX + "fail": "crash-loop", PREFIX + "container": "sidecar"}}},
    )
    found = cluster.client.wait(pods, waits_for("CrashLoopBackOff"))
    assert [status["ready"] for status in found["items"][0]["status"]["containerStatuses"]] == [True, False]


def test_a_job_completes(cluster: Cluster, namespace: str) -> None:
    job, pods = run_job(cluster, namespace)
    cluster.client.wait(job, lambda item: condition(item, "Complete") == "True")
    assert container(cluster.client.get(pods))["state"]["terminated"]["exitCode"] == 0


def test_a_job_fails_when_asked_to(cluster: Cluster, namespace: str) -> None:
    job, pods = run_job(cluster, namespace, fail="job-fail")
    cluster.client.wait(job, lambda item: condition(item, "Failed") == "True")
    found = cluster.client.get(pods)
    assert found["items"][0]["status"]["phase"] == "Failed"
    assert container(found)["state"]["terminated"]["exitCode"] == 1
    name = found["items"][0]["metadata"]["name"]
    assert "job-fail" in cluster.client.text(f"{pods}/{name}/log")


def test_claims_are_bound_so_that_stateful_sets_start(cluster: Cluster, namespace: str) -> None:
    sets = f"/apis/apps/v1/namespaces/{namespace}/statefulsets"
    cluster.client.create(
        sets,
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "db"},
            "spec": {
                "serviceName": "db",
                "replicas": 2,
                "selector": {"matchLabels": {"app": "web"}},
                "template": template(),
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "data"},
                        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                    }
                ],
            },
        },
    )
    cluster.client.wait(f"{sets}/db", lambda item: item["status"].get("readyReplicas") == 2)
