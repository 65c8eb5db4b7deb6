"""Rendering for a real cluster: what `helm install` would send there, `lookup` and capabilities answered by it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.corpus.cases import CASES, Case
from tests.support.clusters import Cluster

from fairway.adapters.helm.binary import BinaryRenderer
from fairway.adapters.helm.sdk import SdkRenderer
from fairway.adapters.kube import open_cluster
from fairway.domain.charts.rendering import Capabilities
from fairway.domain.errors import Transient
from fairway.services.engine.ports import Renderer

pytestmark = [pytest.mark.cluster, pytest.mark.helm]


@pytest.fixture
async def served(cluster: Cluster) -> AsyncIterator[Capabilities]:
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        yield (await kube.discover()).capabilities()


@pytest.fixture(params=["sdk", "helm"])
def renderer(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Renderer]:
    target = {"kubeconfig": str(cluster.kubeconfig), "context": cluster.context}
    if request.param == "helm":
        yield BinaryRenderer(str(request.getfixturevalue("helm")), **target)
        return
    sdk = SdkRenderer(**target)
    yield sdk
    sdk.close()


def dry_run(helm: Path, cluster: Cluster, case: Case, namespace: str) -> Any:
    """The release that helm would install, rendered with the cluster's own capabilities."""
    command = [helm, "install", "rel", case.folder, "--namespace", namespace, "--kubeconfig", cluster.kubeconfig]
    done = subprocess.run([*command, "--dry-run=server", "--output", "json"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def case_of(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


LIVE = ["capabilities", "locked", "lookup-offline", "plain", "notes", "sub-aliases"]


@pytest.mark.parametrize("name", LIVE)
async def test_a_chart_sees_the_cluster_as_helm_shows_it(
    name: str, renderer: Renderer, served: Capabilities, helm: Path, cluster: Cluster, namespace: str
) -> None:
    case = replace(case_of(name), values={})
    rendered = await renderer.render(replace(case.request(namespace=namespace), capabilities=served))
    record = dry_run(helm, cluster, case, namespace)
    assert rendered.manifest == record["manifest"]
    assert rendered.notes == record["info"].get("notes", "")


async def test_removed_api_versions_are_not_seen_though_the_sdk_knows_them(
    renderer: Renderer, served: Capabilities, namespace: str
) -> None:
    assert "policy/v1beta1" not in served.api_versions
    for name in ("capabilities", "locked"):
        rendered = await renderer.render(replace(case_of(name).request(namespace=namespace), capabilities=served))
        objects = {obj["kind"]: obj for _, obj in await renderer.parse(rendered.manifest)}
        if name == "capabilities":
            assert objects["PodDisruptionBudget"]["apiVersion"] == "policy/v1"
            data = objects["ConfigMap"]["data"]
            assert (data["extensions"], data["batch"], data["apps"], data["ingress"]) == (
                *("false", "false"),
                *("true", "true"),
            )
        else:
            assert 'old: "false"' in rendered.manifest


async def test_lookup_finds_what_is_in_the_cluster(
    renderer: Renderer, served: Capabilities, cluster: Cluster, namespace: str
) -> None:
    request = replace(case_of("lookup-guard").request(namespace=namespace), capabilities=served)
    first, second = await renderer.render(request), await renderer.render(request)
    assert first.manifest != second.manifest
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "rel-credentials"},
        "stringData": {"password": "kept"},
    }
    cluster.client.create(f"/api/v1/namespaces/{namespace}/secrets", secret)
    third, fourth = await renderer.render(request), await renderer.render(request)
    assert third.manifest == fourth.manifest
    found = {obj["kind"]: obj for _, obj in await renderer.parse(third.manifest)}
    assert found["Secret"]["data"] == {"password": "a2VwdA=="}
    assert found["ConfigMap"]["data"] == {"found": "true", "namespaces": "true"}


async def test_a_cluster_that_is_gone_is_an_error_of_the_cluster(tmp_path: Path, helm: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "gone",
                "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "gone"}}],
                "clusters": [{"name": "gone", "cluster": {"server": "http://127.0.0.1:9"}}],
                "users": [{"name": "gone", "user": {}}],
            }
        )
    )
    for renderer in (SdkRenderer(kubeconfig=str(kubeconfig)), BinaryRenderer(str(helm), kubeconfig=str(kubeconfig))):
        with pytest.raises(Transient) as caught:
            await renderer.render(case_of("lookup-guard").request())
        assert "127.0.0.1:9" in str(caught.value)
