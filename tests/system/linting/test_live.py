"""`fairway lint --live` and `fairway render` against a real control plane."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.clusters import Cluster

from fairway.entrypoints.cli.main import run

pytestmark = pytest.mark.cluster


@pytest.fixture
def folder(tmp_path: Path, cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repo"
    (folder / "chart/templates").mkdir(parents=True)
    (folder / "chart/Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    provider = {"kubeconfig": {"path": str(cluster.kubeconfig), "context": cluster.context}}
    environment = {
        "name": "prod",
        "clusterName": "here",
        "kubeNamespace": namespace,
        "releasesFiles": ["releases.yaml"],
    }
    content = {"clusters": [{"name": "here", "provider": provider}], "environments": [environment]}
    (folder / "environments.yaml").write_text(yaml.safe_dump(content))
    (folder / "releases.yaml").write_text("releases:\n  - {name: web, chart: {dir: chart}}\n")
    monkeypatch.chdir(folder)
    for variable in ("CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"FAIRWAY_{variable}_DIR", str(tmp_path / variable.lower()))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return folder


def findings(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    run(["lint", "-o", "json", *words])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["diagnostics"]
    return found


GATEWAY = (
    "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: web}\n"
    "spec:\n  gatewayClassName: x\n  listeners:\n    - {name: http, port: 80, protcol: HTTP}\n"
)


def test_custom_resources_are_checked_against_the_clusters_own_schemas(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "chart/templates/gateway.yaml").write_text(GATEWAY)
    assert [one["rule"] for one in findings(capsys)] == ["no-schema"]
    for _ in range(2):  # the second time from the cache on disk
        assert sorted(one["rule"] for one in findings(capsys, "--live")) == ["missing-field", "unknown-field"]
    assert list((folder.parent / "cache/openapi").glob("*.json"))


def test_a_kind_that_the_cluster_does_not_serve_is_a_warning(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tank = "apiVersion: tanks.example.com/v1\nkind: Tank\nmetadata: {name: t}\n"
    (folder / "chart/templates/tank.yaml").write_text(tank)
    [found] = findings(capsys, "--live")
    assert (found["rule"], found["severity"]) == ("unknown-kind", "warning")
    assert "does not serve tanks.example.com/v1 Tank" in found["message"]


def test_removed_versions_are_told_of_the_clusters_own_version(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "chart/templates/x.yaml").write_text("apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: x}\n")
    [found] = findings(capsys, "--live")
    assert (found["rule"], found["fix"], found["line"]) == ("api-removed", "use batch/v1", 1)


def test_values_of_the_cluster_are_read(
    folder: Path, cluster: Cluster, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "{configMap: {name: ports, key: port}}"
    (folder / "releases.yaml").write_text(
        f"releases:\n  - name: web\n    chart: {{dir: chart}}\n    values: [{{key: port, valueFrom: {source}}}]\n"
    )
    (folder / "chart/templates/x.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: {{ .Values.port }}}]}\n"
    )
    [missing] = findings(capsys, "--live")
    assert missing["rule"] == "bad-values"
    cluster.client.create(
        f"/api/v1/namespaces/{namespace}/configmaps",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ports"}, "data": {"port": "8080"}},
    )
    assert findings(capsys, "--live") == []


def test_render_takes_version_apis_and_lookups_from_the_cluster(
    folder: Path, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "chart/templates/x.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n"
        "  kube: {{ .Capabilities.KubeVersion.Version }}\n"
        '  gateways: "{{ .Capabilities.APIVersions.Has "gateway.networking.k8s.io/v1/Gateway" }}"\n'
        f'  found: "{{{{ (lookup "v1" "Namespace" "" "{namespace}").metadata.name }}}}"\n'
    )
    capsys.readouterr()
    assert run(["render", "prod"]) == 0
    data = yaml.safe_load(capsys.readouterr().out)["data"]
    assert data["kube"].startswith("v1.")
    assert (data["gateways"], data["found"]) == ("true", namespace)
