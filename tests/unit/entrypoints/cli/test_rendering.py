"""`fairway render` and `fairway lint` as commands: what they print, and how they end."""

import json
from pathlib import Path

import pytest
import yaml

from fairway.entrypoints.cli.main import run

MAIN = """\
clusters: [{name: eu, provider: {existingContext: {contextName: nowhere}}}]
environments:
  - {name: prod, clusterName: eu, kubeNamespace: shop, releasesFiles: [releases.yaml]}
  - {name: test, clusterName: eu, kubeNamespace: shop-test, releasesFiles: [releases.yaml]}
"""
RELEASES = """\
releases:
  - name: web
    chart: {dir: chart}
    values: [{key: password, value: "hunter2!hunter2"}]
    patches: [{target: {kind: ConfigMap}, json6902: [{op: add, path: /data/patched, value: "yes"}]}]
  - {name: plain, resourceFiles: [plain.yaml]}
"""
FILES = {
    "environments.yaml": MAIN,
    "releases.yaml": RELEASES,
    "plain.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "chart/templates/map.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-{{ .Release.Namespace }}}\n"
        "data:\n  kube: {{ .Capabilities.KubeVersion.Version }}\n"
        '  jobs: "{{ .Capabilities.APIVersions.Has "batch/v1/CronJob" }}"\n'
        '  seen: "{{ lookup "v1" "Node" "" "" | len }}"\n'
    ),
    "chart/templates/secret.yaml": (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: {{ .Values.password }}}\n"
    ),
    "chart/templates/hook.yaml": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: before, annotations: {helm.sh/hook: pre-install}}\n"
        "spec: {containers: [{name: a, image: 'a:1'}]}\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path / "repo")
    monkeypatch.setenv("FAIRWAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("FAIRWAY_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path / "repo"


def rendered(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    assert run(["render", *words]) == 0
    return [document for document in yaml.safe_load_all(capsys.readouterr().out) if document]


def test_render_prints_every_object_hooks_included_and_patches_applied(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = rendered(capsys, "prod", "--kube-version", "1.20")
    names = [document["metadata"]["name"] for document in found]  # type: ignore[index]
    assert names == ["web", "web-shop", "before", "plain"]
    assert found[1]["data"] == {"kube": "v1.20.0", "jobs": "false", "seen": "0", "patched": "yes"}


def test_render_takes_the_releases_that_are_named_and_the_version_that_is_given(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [only] = rendered(capsys, "test", "-r", "plain", "--kube-version", "1.36")
    assert only["metadata"] == {"name": "plain"}
    found = rendered(capsys, "test", "-r", "web", "--kube-version", "1.21")
    assert found[1]["data"]["jobs"] == "true"  # type: ignore[index]
    assert found[1]["metadata"]["name"] == "web-shop-test"  # type: ignore[index]


def test_render_masks_secrets_unless_told_otherwise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [secret, *_] = rendered(capsys, "prod", "--kube-version", "1.36")
    assert secret["stringData"] == {"password": "••••••"}
    [secret, *_] = rendered(capsys, "prod", "--kube-version", "1.36", "--show-secrets")
    assert secret["stringData"] == {"password": "hunter2!hunter2"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["prod", "--kube-version", "new"], '"new" is no Kubernetes version'),
        (["prod", "--kube-version", "1.9"], "too old"),
        (["prod", "-r", "wbe", "--kube-version", "1.36"], 'did you mean "web"?'),
        (["prod"], "the kubeconfig has no context for existingContext nowhere"),
    ],
)
def test_render_says_what_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert run(["render", *words]) == 2
    assert message in capsys.readouterr().err


def test_lint_renders_unless_told_otherwise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint"]) == 0
    assert capsys.readouterr().out == "no mistakes in 2 files\n"
    (folder / "chart/templates/bad.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspce: {}\n")
    assert run(["lint"]) == 2
    assert "chart/templates/bad.yaml:4:1  error" in capsys.readouterr().out
    assert run(["lint", "--no-render"]) == 0


def test_lint_for_another_version_and_one_environment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: x}\n"
    (folder / "chart/templates/job.yaml").write_text(job)
    assert run(["lint", "test", "--kube-version", "1.24", "-o", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(one["rule"], one["severity"]) for one in report["diagnostics"]] == [("api-deprecated", "warning")]
    assert report["diagnostics"][0]["message"].startswith('release "web" in test: CronJob x: ')
    assert run(["lint", "test", "--kube-version", "1.24", "--strict"]) == 2
    assert run(["lint", "--kube-version", "1.25", "-o", "github"]) == 2
    assert "::error file=chart/templates/job.yaml,title=api-removed,line=1,col=1::" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--live", "--kube-version", "1.30"], "--live takes the version of the cluster"),
        (["--live"], "the kubeconfig has no context for existingContext nowhere"),
        (["prd"], 'did you mean "prod"?'),
        (["--kube-version", "x"], "is no Kubernetes version"),
    ],
)
def test_lint_that_cannot_look_says_why(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert run(["lint", *words]) == 2
    assert message in capsys.readouterr().err


def test_secrets_are_not_in_the_findings_of_lint(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "chart/templates/fail.yaml").write_text('{{ fail (printf "bad password %s" .Values.password) }}')
    assert run(["lint"]) == 2
    out = capsys.readouterr().out
    assert "bad password" in out
    assert "hunter2" not in out
