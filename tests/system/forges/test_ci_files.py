"""The ready files of deploy/ci: their own shell steps, run as the runners run them, against a loopback forge."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.cli import PROGRAM, Done
from tests.support.forges.github import GithubServer
from tests.support.forges.gitlab import GitlabServer
from tests.support.forges.serving import serving
from tests.system.forges.conftest import Checkout, in_actions
from tests.system.forges.test_plan_base import upgrade

ROOT = Path(__file__).parents[3]
ACTION = yaml.safe_load((ROOT / "deploy/ci/github/action.yml").read_text())
WORKFLOW = yaml.safe_load((ROOT / "deploy/ci/github/workflow.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "deploy/ci/gitlab/fairway.yml").read_text())
PACKAGE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"]


@pytest.fixture
def tools(checkout: Checkout, tmp_path: Path) -> Path:
    """A folder that is first on PATH: `fairway` is this one, and pip only notes what it is asked to install."""
    folder = tmp_path / "bin"
    folder.mkdir()
    pip = f'#!/bin/sh\necho "$@" >> {tmp_path}/installed\n'
    scripts = {
        "fairway": f"#!/bin/sh\nexec {sys.executable} -c '{PROGRAM}' \"$@\"\n",
        "pip": pip,
        "python3": '#!/bin/sh\ntest "$1 $2" = "-m venv" && mkdir -p "$3/bin" && cp ' + f'{folder}/pip "$3/bin/pip"\n',
    }
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    checkout.env["PATH"] = f"{folder}:{checkout.env['PATH']}"
    return folder


def evaluated(text: Any, values: dict[str, str]) -> str:
    """The few expressions that the files use."""
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: values[match[1]], str(text))


def run_action(checkout: Checkout, given: dict[str, str], github: dict[str, str], env: dict[str, str]) -> list[Done]:
    """All steps of the action that a run with these inputs has."""
    assert set(given) <= set(ACTION["inputs"])
    values = {f"github.{key}": value for key, value in github.items()}
    for name, described in ACTION["inputs"].items():
        values[f"inputs.{name}"] = given.get(name, evaluated(described.get("default", ""), values))
    done = []
    for step in ACTION["runs"]["steps"]:
        wanted = re.fullmatch(r"inputs\.command == '(\w+)'", step.get("if", ""))
        if wanted and wanted[1] != values["inputs.command"]:
            continue
        own = {name: evaluated(text, values) for name, text in step["env"].items()}
        done.append(bash(step["run"], checkout, {**env, **own}))
    return done


def bash(script: str, checkout: Checkout, env: dict[str, str]) -> Done:
    # As GitHub runs `shell: bash`.
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(
        words, cwd=checkout.folder, env={**checkout.env, **env}, capture_output=True, text=True, timeout=120
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    return {name: str(tmp_path / name.lower()) for name in ("RUNNER_TEMP", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}


def test_the_action_installs_the_package_once(checkout: Checkout, tools: Path, runner: dict[str, str]) -> None:
    Path(runner["RUNNER_TEMP"]).mkdir()
    given = {"command": "none", "version": "0.1.0"}
    github = {"base_ref": "main", "token": "x"}
    (install,) = run_action(checkout, given, github, runner)
    assert install.code == 0, install.err
    installed = (tools.parent / "installed").read_text()
    assert installed.split() == ["install", "--quiet", f"{PACKAGE}==0.1.0"]
    assert Path(runner["GITHUB_PATH"]).read_text().strip() == f"{runner['RUNNER_TEMP']}/fairway/bin"


def test_the_action_comments_on_a_pull_request(
    checkout: Checkout, tools: Path, runner: dict[str, str], github: GithubServer
) -> None:
    Path(runner["RUNNER_TEMP"]).mkdir()
    upgrade(checkout)
    checkout.commit("web 1.9.1")
    github.world.push("change")
    github.world.open("change", "main", "web 1.9.1", "")
    env = {**in_actions(checkout, github), **runner, "GITHUB_TOKEN": ""}
    known = {"base_ref": "main", "token": github.token}
    _, plan = run_action(checkout, {"command": "plan", "offline": "true"}, known, env)
    assert plan.code == 0, plan.err
    (note,) = github.world.requests[1].notes
    assert "shop/web:1.9.1" in note.body
    assert "shop/web:1.9.1" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()
    assert github.world.said[-1].state == "success"


def test_the_action_lints(checkout: Checkout, tools: Path, runner: dict[str, str]) -> None:
    Path(runner["RUNNER_TEMP"]).mkdir()
    known = {"base_ref": "", "token": "x"}
    _, good = run_action(checkout, {"command": "lint", "args": "--no-render"}, known, runner)
    assert good.code == 0, good.err
    checkout.put("releases/prod.yaml", "releases: [{nam: web}]\n")
    _, bad = run_action(checkout, {"command": "lint"}, known, {**runner, "GITHUB_ACTIONS": "true"})
    assert bad.code == 2
    assert "::error file=releases/prod.yaml" in bad.out


def test_the_action_applies_without_asking(checkout: Checkout, tools: Path, runner: dict[str, str]) -> None:
    Path(runner["RUNNER_TEMP"]).mkdir()
    given = {"command": "apply", "environment": "prod"}
    _, apply = run_action(checkout, given, {"base_ref": "", "token": "x"}, runner)
    assert (apply.code, "kubeconfig" in apply.err) == (2, True), apply.err


def test_the_example_workflow_uses_the_action_as_it_is() -> None:
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    ours = [step for step in steps if step.get("uses", "").endswith("/fairway")]
    assert {step["with"]["command"] for step in ours} == {"lint", "plan", "apply"}
    for step in ours:
        assert set(step["with"]) <= set(ACTION["inputs"])
    assert {"pull-requests", "statuses", "checks"} <= set(WORKFLOW["permissions"])


def test_no_value_of_a_pull_request_gets_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
    for job in WORKFLOW["jobs"].values():
        assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_the_gitlab_template_comments_on_a_merge_request(checkout: Checkout, tools: Path) -> None:
    upgrade(checkout)
    checkout.commit("web 1.9.1")
    with serving(GitlabServer()) as gitlab:
        gitlab.world.push("change")
        gitlab.world.open("change", "main", "web 1.9.1", "")
        env = {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": gitlab.api,
            "CI_SERVER_URL": gitlab.url,
            "CI_PROJECT_PATH": gitlab.world.path,
            "CI_MERGE_REQUEST_IID": "1",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_COMMIT_SHA": "b" * 40,
            "GITLAB_TOKEN": gitlab.token,
            "FAIRWAY_PLAN_ARGS": GITLAB["variables"]["FAIRWAY_PLAN_ARGS"],
        }
        script = "\n".join([*GITLAB[".fairway"]["before_script"], *GITLAB["fairway:plan"]["script"]])
        done = bash(script, checkout, env)
        assert done.code == 0, done.err
        (note,) = gitlab.world.requests[1].notes
        assert "shop/web:1.9.1" in note.body
        assert gitlab.world.said[-1].state == "success"
    assert (tools.parent / "installed").read_text().split() == ["install", "--quiet", PACKAGE]


def test_the_gitlab_template_lints_and_applies(checkout: Checkout, tools: Path) -> None:
    lint = bash("\n".join(GITLAB["fairway:lint"]["script"]), checkout, {})
    assert lint.code == 0, lint.out + lint.err
    apply = bash("\n".join(GITLAB["fairway:apply"]["script"]), checkout, {"FAIRWAY_ENVIRONMENT": "prod"})
    assert (apply.code, "kubeconfig" in apply.err.lower()) == (2, True), apply.err
