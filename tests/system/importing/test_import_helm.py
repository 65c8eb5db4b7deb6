"""Releases that the real helm installed, imported by the command: the next plan changes no object."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.corpus.cases import CORPUS
from tests.support.clusters import Cluster

from fairway.entrypoints.cli.main import run

pytestmark = [pytest.mark.cluster, pytest.mark.helm]

CHARTS = CORPUS / "charts"


class World:
    """A folder to import into, a namespace, and helm in it."""

    def __init__(self, folder: Path, cluster: Cluster, namespace: str, helm: Path) -> None:
        self.folder, self.cluster, self.namespace, self.helm = folder, cluster, namespace, helm

    def install(self, name: str, chart: Path, *more: str) -> None:
        where = ["--namespace", self.namespace, "--kubeconfig", str(self.cluster.kubeconfig)]
        command = [str(self.helm), "install", name, str(chart), *where, *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def declare(self, *files: str) -> None:
        provider = {"kubeconfig": {"path": str(self.cluster.kubeconfig), "context": self.cluster.context}}
        environment = {
            "name": "prod",
            "clusterName": "here",
            "kubeNamespace": self.namespace,
            "releasesFiles": [*files],
        }
        content = {"clusters": [{"name": "here", "provider": provider}], "environments": [environment]}
        (self.folder / "environments.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture
def world(tmp_path: Path, cluster: Cluster, namespace: str, helm: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    folder = tmp_path / "repo"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for variable in ("CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"FAIRWAY_{variable}_DIR", str(tmp_path / variable.lower()))
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    return World(folder, cluster, namespace, helm)


def planned(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["plan", "-o", "json"]) in (0, 2)
    plan: dict[str, Any] = json.loads(capsys.readouterr().out)
    return plan


@pytest.mark.parametrize(
    ("chart", "values"),
    [
        ("plain", ["--set", "replicas=0,image.tag=7"]),
        ("files", []),
        ("tpl", []),
        ("schema", []),
        ("hooks-resources", []),
        ("multi-document", []),
        ("helpers", []),
        ("weird-yaml", []),
        ("lists", []),
        ("locked", []),
    ],
)
def test_after_an_import_the_plan_changes_no_object(
    world: World, capsys: pytest.CaptureFixture[str], chart: str, values: list[str]
) -> None:
    world.install("web", CHARTS / chart, *values)
    own = ["--chart", str(CHARTS / chart)] if (CHARTS / chart / "charts").exists() or chart == "locked" else []
    assert run(["import", "helm", "web", "-n", world.namespace, *own]) == 0
    world.declare("releases/web.yaml")
    plan = planned(capsys)
    assert set(plan["summary"]["objects"]) <= {"unchanged"}
    assert [one["name"] for one in plan["environments"][0]["releases"]] == ["web"]
    assert run(["lint", "--live"]) in (0, 2)


def test_apply_takes_an_imported_release_over_and_then_nothing_is_left_to_do(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.install("web", CHARTS / "plain", "--set", "replicas=0")
    assert run(["import", "helm", "web", "-n", world.namespace]) == 0
    world.declare("releases/web.yaml")
    assert run(["apply", "prod"]) == 0
    plan = planned(capsys)
    assert plan["summary"]["releases"] == {"nothing": 1}


def test_a_chart_with_sub_charts_needs_its_place(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.install("web", CHARTS / "sub-nested")
    assert run(["import", "helm", "web", "-n", world.namespace]) == 3
    assert "holds no sub-charts" in capsys.readouterr().err
    assert list(world.folder.iterdir()) == []
    chart = str(CHARTS / "sub-nested")
    assert run(["import", "helm", "web", "-n", world.namespace, "--chart", chart, "--out", "all.yaml"]) == 0
    world.declare("all.yaml")
    assert set(planned(capsys)["summary"]["objects"]) <= {"unchanged"}


def test_an_environment_says_where_the_release_is_and_entries_add_up(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.declare()
    for name in ("one", "two"):
        world.install(name, CHARTS / "plain", "--set", "replicas=0")
    chart = str(CHARTS / "plain")
    for name in ("one", "two"):
        command = ["import", "helm", name, "-e", "prod", "--chart", chart, "--out", "releases/all.yaml"]
        assert run(command) == 0
    world.declare("releases/all.yaml")
    plan = planned(capsys)
    assert [one["name"] for one in plan["environments"][0]["releases"]] == ["one", "two"]
    assert set(plan["summary"]["objects"]) <= {"unchanged"}


def test_a_release_that_is_not_there_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "helm", "web", "-n", world.namespace]) == 2
    assert f'no Helm release "web" in namespace {world.namespace}' in capsys.readouterr().err
    assert run(["import", "helm", "web", "-e", "prod", "--context", "x"]) == 2
    assert run(["import", "helm", "web", "-n", world.namespace, "--chart", "./absent"]) == 2
