"""`fairway init` on real files: contexts with a stand-in for gcloud, and the example."""

from pathlib import Path

import pytest
import yaml

from fairway.entrypoints.cli.main import run
from fairway.services.loading import read_repository

MAIN = """\
clusters:
  - {name: eu, provider: {gke: {project: p, clusterName: shop, zone: z}}}
  - {name: mine, provider: {existingContext: {contextName: mine}}}
environments:
  - {name: prod, clusterName: eu, kubeNamespace: shop}
  - {name: test, clusterName: mine, kubeNamespace: shop-test}
"""
KUBECONFIG = {
    "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {}}],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "environments.yaml").write_text(MAIN)
    (tmp_path / "config").write_text(yaml.safe_dump(KUBECONFIG))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("KUBE_CONTEXT", raising=False)
    return tmp_path


def contexts(folder: Path) -> dict[str, dict[str, str]]:
    return {one["name"]: one["context"] for one in yaml.safe_load((folder / "config").read_text())["contexts"]}


def test_a_dry_run_prints_the_commands_and_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "-n"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "gcloud container clusters get-credentials shop --project p --zone z",
        "# write context env:prod: the context of cluster eu, namespace shop",
        "# write context env:test: the context of cluster mine, namespace shop-test",
    ]
    assert list(contexts(folder)) == ["mine"]


def test_an_environment_gets_its_context(folder: Path) -> None:
    assert run(["init", "test"]) == 0
    assert contexts(folder)["env:test"] == {"cluster": "c", "user": "u", "namespace": "shop-test"}


def test_a_missing_program_is_one_clear_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--cluster", "eu"]) == 2
    error = capsys.readouterr().err
    assert 'cluster "eu" needs the program gcloud, which is not on PATH' in error
    assert "install the Google Cloud CLI" in error


def test_the_cloud_s_program_is_run(folder: Path) -> None:
    tool = folder / "bin" / "gcloud"
    tool.parent.mkdir()
    new = KUBECONFIG["contexts"] + [{"name": "gke_p_z_shop", "context": {"cluster": "gke", "user": "gke"}}]
    (folder / "new").write_text(yaml.safe_dump({**KUBECONFIG, "contexts": new}))
    tool.write_text(f'#!/bin/sh\n/bin/cp {folder}/new "$KUBECONFIG"\n')
    tool.chmod(0o755)
    assert run(["init", "prod"]) == 0
    assert contexts(folder)["env:prod"] == {"cluster": "gke", "user": "gke", "namespace": "shop"}


def test_gitlab_mode_takes_the_job_s_context(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBE_CONTEXT", "mine")
    assert run(["init", "--gitlab"]) == 0
    assert contexts(folder)["env:prod"] == {"cluster": "c", "user": "u", "namespace": "shop"}


def test_the_example_is_written_once_and_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "shop"
    assert run(["init", "--example", str(target)]) == 0
    assert f"cd {target} && fairway cluster up" in capsys.readouterr().err
    loaded = read_repository(target / "environments.yaml")
    assert loaded.diagnostics == ()
    assert run(["init", "--example", str(target)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_the_example_is_indented_as_indent_does(tmp_path: Path) -> None:
    target = tmp_path / "shop"
    run(["init", "--example", str(target)])
    files = [str(one) for one in target.rglob("*.yaml") if "templates" not in one.parts]
    assert run(["indent", "--check", *files]) == 0
