"""What is known of Kubernetes without a cluster, against a real control plane of the newest known version."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from tests.support.clusters import Cluster
from tests.support.kube import KubeError
from tests.support.record_openapi import documents

from fairway.adapters.kube import open_cluster
from fairway.adapters.openapi.recorded import FILE, recorded, recording
from fairway.adapters.openapi.served import ServedSchemas
from fairway.domain.kubernetes.builtin import builtin_resources, is_builtin_group
from fairway.domain.kubernetes.validating import problems_of
from fairway.domain.kubernetes.versions import NEWEST, minor_of
from fairway.domain.manifests.objects import Object

pytestmark = pytest.mark.cluster

RECORDED = Path(__file__).parents[3] / "src/fairway/_data/openapi" / FILE


@pytest.fixture(autouse=True)
def of_the_newest_version(cluster: Cluster) -> None:
    version = cluster.client.get("/version")["gitVersion"]
    if minor_of(version) != minor_of(NEWEST):
        pytest.skip(f"the table and the recording are of {NEWEST}, this cluster has {version}")


async def test_the_table_is_what_a_control_plane_serves(cluster: Cluster) -> None:
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        served = await kube.discover()
    found = {
        (one.api_version, one.kind, one.plural, one.namespaced)
        for one in served.resources
        if is_builtin_group(one.api_version)
    }
    known = {(one.api_version, one.kind, one.plural, one.namespaced) for one in builtin_resources().resources}
    assert found == known
    preferred = builtin_resources().by_kind
    assert {kind: one.api_version for kind, one in served.by_kind.items() if kind in preferred} == {
        kind: one.api_version for kind, one in preferred.items()
    }


def test_the_recording_is_what_a_control_plane_publishes(cluster: Cluster) -> None:
    assert RECORDED.read_bytes() == recording(documents(cluster.client)), "make it anew: see _data/openapi/README.md"


async def test_schemas_of_the_cluster_hold_its_custom_resources(cluster: Cluster, tmp_path: Path) -> None:
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        schemas = await ServedSchemas(kube, tmp_path).schemas(["gateway.networking.k8s.io/v1", "v1"])
    schema = schemas.of("gateway.networking.k8s.io/v1", "Gateway")
    assert schema is not None
    gateway: Object = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "a"},
        "spec": {"gatewayClassName": "x", "listeners": [{"name": "http", "port": 70000, "protocol": "HTTP", "prt": 1}]},
    }
    assert [one.message for one in problems_of(gateway, schema, schemas)] == [
        "spec.listeners[0].port is more than 65535",
        'unknown field spec.listeners[0].prt; did you mean "port"?',
    ]


CONTAINER = {"name": "app", "image": "shop/web:1"}
DEPLOYMENT: Object = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]}},
    },
}
SERVICE: Object = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
}
SECRET: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "data": {"key": "aGFsbG8="}}
QUOTA: Object = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"pods": 3}}}
PATHS = {"Deployment": "/apis/apps/v1/namespaces/{}/deployments", "Service": "/api/v1/namespaces/{}/services"} | {
    "Secret": "/api/v1/namespaces/{}/secrets",
    "ResourceQuota": "/api/v1/namespaces/{}/resourcequotas",
}

ABSENT = object()


def changed(obj: Object, path: str, value: Any) -> Object:
    """A copy with what stands at a dotted path set, or taken away."""
    made = copy.deepcopy(obj)
    *above, last = (int(part) if part.isdigit() else part for part in path.split("."))
    at: Any = made
    for part in above:
        at = at[part]
    if value is ABSENT:
        del at[last]
    else:
        at[last] = value
    return made


POD = "spec.template.spec"
CASES = [
    (DEPLOYMENT, "metadata.name", "web"),
    (DEPLOYMENT, "spec.replcas", 1),
    (DEPLOYMENT, "spec.replicas", "1"),
    (DEPLOYMENT, "spec.replicas", None),
    (DEPLOYMENT, "spec.selector", ABSENT),
    (DEPLOYMENT, "spec.paused", "yes"),
    (DEPLOYMENT, "spec.strategy", {"rollingUpdate": {"maxSurge": "25%"}}),
    (DEPLOYMENT, "spec.strategy", {"type": "Rolling"}),
    (DEPLOYMENT, "metadata.labels", {"a": 1}),
    (DEPLOYMENT, "metadata.labels", {"a": None}),
    (DEPLOYMENT, "metadata.creationTimestamp", None),
    (DEPLOYMENT, f"{POD}.containers.0.name", ABSENT),
    (DEPLOYMENT, f"{POD}.containers.0.imagePullPolicy", ""),
    (DEPLOYMENT, f"{POD}.containers.0.imagePullPolicy", "Sometimes"),
    (DEPLOYMENT, f"{POD}.containers.0.ports", [{"containerPort": 8080}]),
    (DEPLOYMENT, f"{POD}.containers.0.ports", [{"port": 8080}]),
    (DEPLOYMENT, f"{POD}.containers.0.env", [{"name": "A", "value": 1}]),
    (DEPLOYMENT, f"{POD}.containers.0.env", {"A": "1"}),
    (DEPLOYMENT, f"{POD}.containers.0.resources", {"requests": {"cpu": 1, "memory": "1Gi"}}),
    (DEPLOYMENT, f"{POD}.containers.0.livenessProbe", {"httpGet": {"port": "http", "path": "/"}}),
    (DEPLOYMENT, f"{POD}.containers.0.livenessProbe", {"httpGet": {"port": True}}),
    (DEPLOYMENT, f"{POD}.nodeSelector", {"disk": True}),
    (SERVICE, "spec.ports.0.port", "80"),
    (SERVICE, "spec.ports.0.port", ABSENT),
    (SERVICE, "spec.ports.0.targetPort", 8080),
    (SERVICE, "spec.ports.0.protocol", "HTTP"),
    (SERVICE, "spec.type", "Loadbalancer"),
    (SERVICE, "spec.selector", {"app": "web"}),
    (SECRET, "data.key", "not base64!"),
    (SECRET, "data.key", ""),
    (SECRET, "dta", {}),
    (QUOTA, "spec.hard.pods", "3"),
]


@pytest.mark.parametrize(
    ("obj", "path", "value"), CASES, ids=[f"{o['kind']}-{p}-{n}" for n, (o, p, _) in enumerate(CASES)]
)
def test_lint_and_server_agree_about_an_object(
    cluster: Cluster, namespace: str, obj: Object, path: str, value: Any
) -> None:
    wanted = changed(obj, path, value)
    schema = recorded().of(str(obj["apiVersion"]), str(obj["kind"]))
    assert schema is not None
    problems = [one.message for one in problems_of(wanted, schema, recorded())]
    query = "?dryRun=All&fieldValidation=Strict&fieldManager=helm&force=true"
    try:
        item = f"{PATHS[str(obj['kind'])].format(namespace)}/{obj['metadata']['name']}"
        cluster.client.request("PATCH", f"{item}{query}", wanted, "application/apply-patch+yaml")
        refused = ""
    except KubeError as error:
        refused = str(error)
    assert bool(problems) == bool(refused), (problems, refused)
