"""What a converted helmfile gives to charts, against what the real helmfile and helm give them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairway.entrypoints.cli.main import run
from fairway.settings import load_settings

pytestmark = pytest.mark.helm

FILES = {
    "chart/Chart.yaml": "apiVersion: v2\nname: echo\nversion: 1.0.0\n",
    "chart/values.yaml": "deep: {a: 1, b: {c: [1, 2]}}\nkept: from-chart\ngone: x\n",
    "chart/templates/x.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}\n"
        "data: {values: {{ .Values | toJson | quote }}}\n"
    ),
    "one.yaml": 'deep: {a: 2, new: "012"}\ntext: "yes"\n',
    "two.yaml": "deep: {b: {c: [9]}}\nnumber: 1e3\ngone: null\n",
    "env.yaml": 'tag: "1.10"\n',
    "helmfile.yaml.gotmpl": """\
environments:
  default:
  prod:
    values: [env.yaml]
---
helmDefaults: {wait: true}
commonLabels: {team: shop}
templates:
  base: &base
    chart: ./chart
    namespace: shop
releases:
  - <<: *base
    name: plain
  - <<: *base
    name: one-file
    values: [one.yaml, {deep: {a: 3}, list: [{x: 1}, {x: "1"}]}]
  - <<: *base
    name: two-files
    values: [one.yaml, two.yaml, {deep: {new: true}}]
  - <<: *base
    name: inline-first
    values: [{deep: {a: 7}, only: inline}, one.yaml]
  - <<: *base
    name: dollars
    values: [{text: "$HOME ${X} $$ 5$", place: "{{ `{{release}}` }}"}]
  - <<: *base
    name: set
    values: [one.yaml]
    set:
      - {name: deep.a, value: "12"}
      - {name: flag, value: "true"}
      - {name: leading, value: "012"}
      - {name: 'annotations.example\\.com/x', value: y}
      - {name: items, values: ["1", two]}
      - {name: "hosts[0].name", value: first}
      - {name: nothing, value: "null"}
      - {name: fraction, value: "1.5"}
  - <<: *base
    name: set-string
    setString:
      - {name: number, value: "12"}
      - {name: flag, value: "true"}
  - <<: *base
    name: from-environment
    values: [{image: {tag: {{ .Environment.Values.tag | default "0" | quote }}}}]
  - <<: *base
    name: elsewhere
    namespace: infra
""",
}


@pytest.fixture
def helmfile(helm: Path) -> Path:
    """The real helmfile, with helm beside it on PATH."""
    found = shutil.which("helmfile") or shutil.which("helmfile", path=str(load_settings().cache_dir / "tools"))
    if found is None:
        pytest.skip("no helmfile: put it on PATH")
    return Path(found)


def values_of(text: str) -> dict[tuple[str, str], Any]:
    """(namespace, release) → the values that its template saw."""
    documents = [one for one in yaml.safe_load_all(text) if one]
    return {
        (one["metadata"]["namespace"], one["metadata"]["name"]): yaml.safe_load(one["data"]["values"])
        for one in documents
    }


def test_every_release_gets_the_same_values(
    tmp_path: Path, helm: Path, helmfile: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in (helm, helmfile):
        (programs / program.name.partition("-")[0]).symlink_to(program)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAIRWAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("FAIRWAY_CONFIG_DIR", str(tmp_path / "config"))
    done = subprocess.run(
        ["helmfile", "--file", "helmfile.yaml.gotmpl", "--environment", "prod", "template"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    assert run(["import", "helmfile", "helmfile.yaml.gotmpl", "-e", "prod", "--out", "new"]) == 0
    said = capsys.readouterr().err
    assert "error" not in said
    assert "not converted" not in said
    rendered = ""
    for environment in ("prod-shop", "prod-infra"):
        assert (
            run(["render", environment, "-f", "new/environments.yaml", "--kube-version", "1.36", "--show-secrets"]) == 0
        )
        rendered += "---\n" + capsys.readouterr().out
    assert values_of(rendered) == values_of(done.stdout)
    assert len(values_of(rendered)) == 9
