"""`fairway import helmfile` as a command; importing from a cluster is a system test."""

from pathlib import Path

import pytest

from fairway.entrypoints.cli.main import run

HELMFILE = """\
helmDefaults: {wait: true}
releases:
  - {name: web, namespace: shop, chart: ./chart, set: [{name: replicas, value: "3"}], hooks: [{command: echo}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (tmp_path / "helmfile.yaml").write_text(HELMFILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("FAIRWAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def test_a_helmfile_is_converted_and_every_note_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "helmfile", "--out", "new"]) == 0
    said = capsys.readouterr().err
    assert "wrote new/releases/default.yaml" in said
    assert "note: release web: hooks is not converted" in said
    assert "next: fairway lint -f new/environments.yaml" in said
    assert run(["lint", "-f", "new/environments.yaml"]) == 0


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "helmfile"]) == 0
    assert run(["import", "helmfile"]) == 2
    assert "environments.yaml and 1 more exists already" in capsys.readouterr().err


def test_a_template_names_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "helmfile.yaml").write_text(HELMFILE.replace("shop", "{{ .Namespace }}"))
    assert run(["import", "helmfile"]) == 2
    assert "helmfile.yaml:3:28: error: this line is a Go template" in capsys.readouterr().err


def test_the_helmfile_program_fills_templates_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "helmfile.yaml").write_text(HELMFILE.replace("shop", "{{ .Namespace }}"))
    (folder / "bin").mkdir()
    program = folder / "bin/helmfile"
    program.write_text(f"#!/bin/sh\n[ \"$4\" = prod ] || exit 3\n/bin/cat <<'END'\n{HELMFILE}END\n")
    program.chmod(0o755)
    assert run(["import", "helmfile", "-e", "prod", "--out", "new"]) == 0
    assert "kubeNamespace: shop" in (folder / "new/environments.yaml").read_text()
    assert run(["import", "helmfile", "-e", "test", "--out", "other"]) == 2
    assert "helmfile failed with exit code 3" in capsys.readouterr().err


def test_a_helmfile_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "helmfile", "absent.yaml"]) == 2
    assert "cannot read absent.yaml" in capsys.readouterr().err


def test_help_names_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "--help"]) == 0
    assert "fairway import helm web -n shop" in capsys.readouterr().out
