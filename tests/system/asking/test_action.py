"""The ready Action: its own steps, run as GitHub runs them, against a GitHub on loopback and this very program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.cli import PROGRAM, Done
from tests.support.forges.github_deployments import DeploymentsServer
from tests.support.pipeline import Job

FOLDER = Path(__file__).parents[3] / "deploy/ci/github/deploy"
ACTION = yaml.safe_load((FOLDER / "action.yml").read_text())
WORKFLOW = yaml.safe_load((FOLDER / "workflow.yml").read_text())


@pytest.fixture
def runner(at_github: Job, github: DeploymentsServer) -> Job:
    """A job in GitHub Actions, where `fairway` is this one."""
    at_github.env.pop("GITHUB_TOKEN")
    at_github.in_actions(RUNNER_TEMP=str(at_github.folder))
    program = at_github.put("fairway", f"#!/bin/sh\nexec {sys.executable} -c '{PROGRAM}' \"$@\"\n")
    program.chmod(0o755)
    return at_github


def evaluated(text: Any, values: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: values[match[1]], str(text))


def run(job: Job, given: dict[str, str], token: str) -> Done:
    """The step that deploys, with these inputs."""
    assert set(given) <= set(ACTION["inputs"])
    values = {"github.token": token, "github.sha": "1" * 40}
    for name, described in ACTION["inputs"].items():
        assert name in given or not described.get("required"), name
        values[f"inputs.{name}"] = evaluated(given.get(name, described.get("default", "")), values)
    (step,) = [one for one in ACTION["runs"]["steps"] if one.get("id") == "deploy"]
    own = {name: evaluated(text, values) for name, text in step["env"].items()}
    env = {**job.environment(), **own}
    env["PATH"] = f"{job.folder}:{env['PATH']}"
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(words, cwd=job.folder, env=env, capture_output=True, text=True, timeout=60)
    return Done(done.returncode, done.stdout, done.stderr)


def test_the_action_deploys_and_says_how_it_ended(runner: Job, github: DeploymentsServer) -> None:
    runner.put("more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {a: '{{a}}'}\n")
    github.story = [("queued", ""), ("success", "Deployment successful")]
    given = {"cluster": "prod", "resource": "app.yaml\nmore.yaml\n", "var": "image=shop/web:1\na=b,c\n"}
    done = run(runner, given, github.token)
    assert done.code == 0, done.err
    (kept,) = github.deployments.values()
    resources = kept.shown["payload"]["kubernetes"]["resources"]
    assert [one["kind"] for one in resources] == ["Deployment", "Service", "ConfigMap"]
    assert resources[2]["data"] == {"a": "b,c"}
    outputs = dict(line.split("=", 1) for line in runner.read("output.txt").splitlines())
    assert set(outputs) == set(ACTION["outputs"])
    assert (outputs["ending"], outputs["state"]) == ("success", "success")


def test_the_job_fails_with_the_deployment(runner: Job, github: DeploymentsServer) -> None:
    github.story = [("failure", "it did not start")]
    done = run(runner, {"cluster": "prod", "resource": "app.yaml", "var": "image=x"}, github.token)
    assert done.code == 1
    assert "::error title=web to prod" in done.err


def test_the_example_gives_inputs_that_there_are(runner: Job, github: DeploymentsServer) -> None:
    (step,) = [one for one in WORKFLOW["jobs"]["deploy"]["steps"] if one["uses"].startswith("./")]
    runner.put("nais.yaml", runner.read("app.yaml"))
    runner.put("prod.yaml", "replicas: 2\n")
    github.story = [("success", "")]
    done = run(runner, step["with"], github.token)
    assert done.code == 0, done.err
    assert WORKFLOW["permissions"]["deployments"] == "write"


def test_every_input_reaches_the_program() -> None:
    text = (FOLDER / "action.yml").read_text()
    for name in ACTION["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in text, name
