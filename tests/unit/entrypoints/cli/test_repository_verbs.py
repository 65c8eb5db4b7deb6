"""`lint`, `list`, `dump`, `use`, `schema`: what comes out on stdout and stderr, and the exit codes."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from fairway.entrypoints.cli.main import run

SCHEMAS = Path(__file__).parents[4] / "docs" / "spec" / "schemas"
MAIN = """\
clusters:
  - name: eu
    provider: {gke: {project: p, clusterName: shop, region: europe-west1}}
    parameters: [{name: ip, value: shop-ip}]
  - {name: local, provider: {devcluster: {}}}
helmRepos: [{name: private, url: "https://charts.example.com", password: {env: REPO_PASSWORD}}]
environments:
  - {name: prod, clusterName: eu, kubeNamespace: shop, releasesFiles: [releases.yaml], protected: true}
  - {name: test, clusterName: local, kubeNamespace: shop-test, releasesFiles: [releases.yaml]}
"""
RELEASES = """\
releases:
  - {name: db, resourceFiles: [db.yaml]}
  - name: web
    chart: {reference: private/web, version: 1.2.3}
    needs: [db]
    timeout: 90s
    owner: {team: shop}
    values:
      - {key: image.tag, value: "1.10"}
      - {key: secret, valueFrom: {env: SHOP_SECRET}}
    gates: [{kind: helmTest, timeout: 1m}]
    triggers: [{image: {track: PatchLevel}}]
    patches: [{strategicMerge: {kind: Service, spec: {type: NodePort}}}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo/environments.yaml").write_text(MAIN)
    (tmp_path / "repo/releases.yaml").write_text(RELEASES)
    (tmp_path / "repo/db.yaml").write_text("kind: Service\n")
    monkeypatch.chdir(tmp_path / "repo")
    monkeypatch.setenv("FAIRWAY_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SHOP_SECRET", "hunter2")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path / "repo"


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (["list", "env"], ["prod", "test"]),
        (["list", "env", "test"], ["test"]),
        (["list", "env", "-c", "eu"], ["prod"]),
        (["list", "cluster"], ["eu", "local"]),
        (["list", "cluster", "-c", "local"], ["local"]),
        (["list", "release", "prod"], ["db", "web"]),
        (["list", "release"], ["prod/db", "prod/web", "test/db", "test/web"]),
        (["list", "release", "-c", "local"], ["db", "web"]),
    ],
)
def test_lists_are_one_name_a_line(folder: Path, capsys: pytest.CaptureFixture[str], command, lines) -> None:
    assert run(command) == 0
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.parametrize(
    ("what", "wanted"),
    [
        (
            "env",
            [["NAME", "CLUSTER", "NAMESPACE", "RELEASES", "PROTECTED", "TEAM"], ["prod", "eu", "shop", "2", "yes"]],
        ),
        ("cluster", [["NAME", "PROVIDER", "SETTINGS", "ENVIRONMENTS"]]),
        ("release", [["ENVIRONMENT", "NAME", "CHART OR FILES", "NEEDS", "TEAM", "DECLARED"]]),
    ],
)
def test_long_lists_are_tables(folder: Path, capsys: pytest.CaptureFixture[str], what: str, wanted) -> None:
    assert run(["list", what, "-l"]) == 0
    rows = [re.split(r"  +", line.strip()) for line in capsys.readouterr().out.splitlines()]
    assert rows[: len(wanted)] == wanted


@pytest.mark.parametrize("what", ["env", "release", "cluster"])
def test_lists_as_json_fit_their_schema(folder: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    assert run(["list", what, "-o", "json"]) == 0
    schema = json.loads((SCHEMAS / "list.schema.json").read_text())
    kind = {"env": "environment"}.get(what, what)
    jsonschema.validate(json.loads(capsys.readouterr().out), {**schema, "items": {"$ref": f"#/$defs/{kind}"}})


def test_lists_are_data_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "release", "prod", "-o", "json"]) == 0
    db, web = json.loads(capsys.readouterr().out)
    assert (db["resourceFiles"], db["chart"]) == (["db.yaml"], None)
    assert (web["chart"], web["version"], web["needs"], web["team"]) == ("private/web", "1.2.3", ["db"], "shop")
    assert web["declared"] == "releases.yaml:3:11"
    assert run(["list", "cluster", "-o", "yaml"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)[0]["provider"]["kind"] == "gke"


def test_dump_shows_what_was_resolved_and_no_secret(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dump", "prod"]) == 0
    text = capsys.readouterr().out
    data = yaml.safe_load(text)
    web = data["environments"][0]["releases"][1]
    assert (web["timeout"], web["policy"]["drift"], web["chart"]["version"]) == ("1m30s", "correct", "1.2.3")
    assert web["values"][0] == {"key": "image.tag", "value": "1.10"}
    assert web["values"][1]["valueFrom"]["env"]["name"] == "SHOP_SECRET"
    assert web["triggers"][0]["image"]["tagValue"] == "image.tag"
    assert (web["gates"][0]["kind"], web["patches"][0]["targetKind"]) == ("helmTest", "Service")
    assert data["helmRepos"][0]["password"]["env"]["name"] == "REPO_PASSWORD"
    assert [one["name"] for one in data["clusters"]] == ["eu"]
    assert "hunter2" not in text
    assert str(folder) not in text


def test_dump_as_json_is_the_same_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["dump"])
    as_yaml = yaml.safe_load(capsys.readouterr().out)
    run(["dump", "-o", "json"])
    assert json.loads(capsys.readouterr().out) == as_yaml


def test_use_remembers_the_environment_of_this_repository(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["use"]) == 2
    assert "set one with fairway use ENV" in capsys.readouterr().err
    assert run(["use", "tets"]) == 2
    assert 'did you mean "test"?' in capsys.readouterr().err
    assert run(["use", "test"]) == 0
    assert run(["use"]) == 0
    assert capsys.readouterr().out == "test\n"
    assert run(["use", "--clear"]) == 0
    assert run(["use"]) == 2


def test_lint_says_what_is_wrong_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "releases.yaml").write_text(RELEASES.replace("timeout: 90s", "timeut: 90s"))
    assert run(["lint"]) == 2
    out = capsys.readouterr().out
    assert "releases.yaml:6:5" in out
    assert 'unknown key "timeut"; did you mean "timeout"?' in out
    assert out.endswith("1 error, 0 warnings in 2 files\n")


def test_lint_of_a_right_repository(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--no-render"]) == 0
    assert capsys.readouterr().out == "no mistakes in 2 files\n"


def test_strict_lint_fails_on_warnings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "releases.yaml").write_text(RELEASES.replace('"1.10"', "1.10"))
    assert run(["lint", "--no-render"]) == 0
    assert run(["lint", "--strict", "--no-render"]) == 2
    assert "1.10 without quotes is read as 1.1" in capsys.readouterr().out


def test_lint_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "releases.yaml").write_text(RELEASES.replace("timeout: 90s", "timeout: 90"))
    assert run(["lint", "-o", "json"]) == 2
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json.loads((SCHEMAS / "lint.schema.json").read_text()))
    assert (data["files"], data["errors"], data["warnings"]) == (2, 1, 0)
    assert data["diagnostics"] == [
        {
            "rule": "bad-duration",
            "severity": "error",
            "message": 'release "web": timeout: the duration 90 has no unit',
            "fix": "write 90s, 90m or 90h",
            "file": "releases.yaml",
            "line": 6,
            "column": 14,
        }
    ]


def test_lint_as_sarif(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "releases.yaml").write_text(RELEASES.replace("timeout: 90s", "timeout: 90"))
    assert run(["lint", "-o", "sarif"]) == 2
    sarif = json.loads(capsys.readouterr().out)
    (only,) = sarif["runs"]
    assert (sarif["version"], only["tool"]["driver"]["rules"][0]["id"]) == ("2.1.0", "bad-duration")
    (result,) = only["results"]
    assert (result["level"], result["ruleIndex"]) == ("error", 0)
    location = result["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "releases.yaml"}, "region": {"startLine": 6, "startColumn": 14}}


def test_lint_in_github_actions_annotates(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (folder / "releases.yaml").write_text(RELEASES.replace("timeout: 90s", "timeout: 90"))
    assert run(["lint"]) == 2
    assert capsys.readouterr().out.splitlines()[0] == (
        "::error file=releases.yaml,title=bad-duration,line=6,col=14::"
        'release "web": timeout: the duration 90 has no unit%0Awrite 90s, 90m or 90h'
    )


def test_commands_without_a_repository_say_how_to_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in (["lint"], ["list", "env"], ["dump"], ["init"]):
        assert run(verb) == 2
        error = capsys.readouterr().err
        assert "no environments.yaml here" in error
        assert "fairway init --example" in error


@pytest.mark.parametrize("what", ["environments", "releases"])
def test_schemas_are_printed(capsys: pytest.CaptureFixture[str], what: str) -> None:
    assert run(["schema", what]) == 0
    assert json.loads(capsys.readouterr().out)["type"] == "object"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert run(["completion", shell]) == 0
    assert "_FAIRWAY_COMPLETE" in capsys.readouterr().out


def test_version_names_the_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "-o", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {"fairway", "python", "helmSdk"} <= set(data)
    assert run(["version"]) == 0
    assert capsys.readouterr().out.startswith(f"fairway {data['fairway']} (Python {data['python']}")
