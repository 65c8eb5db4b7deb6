"""`fairway values` against a real cluster: keys of Secrets and ConfigMaps, and the address another release got."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.charts import chart_files, write_chart
from tests.support.clusters import Cluster

PROGRAM = "from fairway.entrypoints.cli.main import main; main()"

pytestmark = pytest.mark.cluster


def object_of(kind: str, name: str, namespace: str, **more: object) -> dict[str, object]:
    annotations = {"meta.helm.sh/release-name": "lb", "meta.helm.sh/release-namespace": namespace}
    metadata = {"name": name, "namespace": namespace, "annotations": annotations}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


@pytest.fixture
def repository(cluster: Cluster, namespace: str, tmp_path: Path) -> Path:
    """Releases web and lb, and the objects that web's values point to."""
    base = f"/api/v1/namespaces/{namespace}"
    data = {"password": base64.b64encode(b"hunter2hunter2").decode()}
    cluster.client.create(f"{base}/secrets", object_of("Secret", "db", namespace, data=data))
    cluster.client.create(f"{base}/configmaps", object_of("ConfigMap", "zone", namespace, data={"name": "eu-1"}))
    ports = [{"name": "http", "port": 8080}]
    cluster.client.create(f"{base}/services", object_of("Service", "lb", namespace, spec={"ports": ports}))
    write_chart(tmp_path / "charts/web", chart_files())
    (tmp_path / "environments.yaml").write_text(
        f"""\
clusters:
  - name: real
    provider: {{kubeconfig: {{path: "{cluster.kubeconfig}", context: {cluster.context}}}}}
environments:
  - {{name: prod, clusterName: real, kubeNamespace: {namespace}, releasesFiles: [prod.yaml]}}
"""
    )
    (tmp_path / "prod.yaml").write_text(
        """\
releases:
  - {name: lb, chart: {dir: charts/web}}
  - name: web
    chart: {dir: charts/web}
    values:
      - {key: db.password, valueFrom: {secret: {name: db, key: password}}}
      - {key: zone, valueFrom: {configMap: {name: zone, key: name}}}
      - {key: extra, valueFrom: {secret: {name: none, key: x, optional: true}}}
      - key: port
        valueFrom: {output: {release: lb, kind: Service, name: lb, path: '{.spec.ports[?(@.name=="http")].port}'}}
      - key: clusterIP
        valueFrom: {output: {release: lb, kind: Service, name: lb, path: spec.clusterIP}}
"""
    )
    return tmp_path


def values(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "values", "prod", "web", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )


def test_values_come_from_the_cluster_and_secrets_stay_masked(repository: Path) -> None:
    done = values(repository, "-o", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("clusterIP").count(".") == 3
    assert found == {"db": {"password": "••••••"}, "zone": "eu-1", "port": 8080}
    assert json.loads(values(repository, "-o", "json", "--show-secrets").stdout)["db"] == {"password": "hunter2hunter2"}


def test_an_explanation_names_the_object_and_not_its_secret(repository: Path, namespace: str) -> None:
    done = values(repository, "--explain")
    assert f"db.password: (from secret {namespace}/db:password)" in done.stdout
    assert 'port: (from output of lb: Service lb {.spec.ports[?(@.name=="http")].port})' in done.stdout
    assert "hunter2" not in done.stdout


def test_a_missing_object_is_an_error_with_its_line(repository: Path) -> None:
    file = repository / "prod.yaml"
    file.write_text(file.read_text().replace("name: zone, key: name", "name: zone, key: nope"))
    done = values(repository)
    assert done.returncode == 2
    assert "prod.yaml:7:" in done.stderr
    assert 'has no key "nope"' in done.stderr


def test_offline_asks_nothing(repository: Path) -> None:
    done = values(repository, "--offline", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["port"].endswith("not read offline)")
