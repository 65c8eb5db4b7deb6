"""`fairway plan --comment --status` in a pull request's job, on the real command line, with a loopback GitHub."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.cli import PROGRAM
from tests.support.forges.github import GithubServer
from tests.support.forges.serving import Answer, serving
from tests.system.forges.conftest import SECRET, Checkout, in_actions
from tests.system.forges.test_plan_base import upgrade

BASE = ("plan", "--base", "main", "--offline")


@pytest.fixture(autouse=True)
def request_one(github: GithubServer) -> None:
    github.world.push("change")
    github.world.open("change", "main", "web 1.9.1", "")


def bodies(github: GithubServer) -> list[str]:
    return [note.body for note in github.world.requests[1].notes]


def test_a_comment_is_written_once_and_then_kept_up_to_date(checkout: Checkout, github: GithubServer) -> None:
    github.world.note(1, "anna", "<!-- fairway:plan -->\nI only look like it")
    upgrade(checkout)
    for _ in range(2):
        assert checkout.fairway(*BASE, "--comment", **in_actions(checkout, github)).code == 0
    foreign, ours = bodies(github)
    assert foreign.endswith("I only look like it")
    assert ours.startswith("<!-- fairway:plan -->\n### Fairway plan: 1 release, 2 objects change, 1 unchanged\n")
    assert "<details><summary><b>prod</b>" in ours
    assert "+     spec.template.spec.containers[app].image: shop/web:1.9.1   ← releases/web-prod.yaml:" in ours
    assert "Restarts in prod: Deployment web (2 pods)" in ours
    assert SECRET not in ours
    assert github.count("PATCH") == 0, "the same text is not written again"
    checkout.git("checkout", "--quiet", ".")
    assert checkout.fairway(*BASE, "--comment", **in_actions(checkout, github)).code == 0
    assert "Fairway plan: 2 unchanged" in bodies(github)[1]
    assert len(bodies(github)) == 2


def test_jobs_of_several_environments_keep_a_comment_each(checkout: Checkout, github: GithubServer) -> None:
    upgrade(checkout)
    for environment in ("test", "prod", "test"):
        words = (BASE[0], environment, *BASE[1:], "--comment")
        assert checkout.fairway(*words, **in_actions(checkout, github)).code == 0
    assert [body.partition("\n")[0] for body in bodies(github)] == [
        "<!-- fairway:plan test -->",
        "<!-- fairway:plan prod -->",
    ]


def test_what_the_pipeline_holds_does_not_get_out_through_a_release(checkout: Checkout, github: GithubServer) -> None:
    image = {"repository": "shop/web", "tag": github.token}
    checkout.release("prod", "web", replicas=2, image=image, password="x")
    done = checkout.fairway(*BASE, "--comment", **in_actions(checkout, github))
    assert done.code == 0
    (body,) = bodies(github)
    assert github.token not in body
    assert "shop/web:••••••" in body


def test_the_status_is_that_of_the_requests_own_commit(checkout: Checkout, github: GithubServer) -> None:
    upgrade(checkout)
    assert checkout.fairway(*BASE, "--status", **in_actions(checkout, github)).code == 0
    assert [(s.commit, s.context, s.state) for s in github.world.said] == [
        ("a" * 40, "fairway/plan", "pending"),
        ("a" * 40, "fairway/plan", "success"),
    ]
    assert github.world.said[-1].description == "1 release, 2 objects change, 1 unchanged"
    assert github.world.said[-1].url == f"{github.url}/{github.world.path}/actions/runs/77"


def test_findings_of_lint_become_annotations_of_a_check_run(checkout: Checkout, github: GithubServer) -> None:
    github.token, github.token_is_app = "ghs_" + "7" * 36, True
    image = {"repository": "shop/web", "tag": "latest"}
    checkout.release("prod", "web", replicas="many", image=image)
    done = checkout.fairway(*BASE, "--status", **in_actions(checkout, github))
    assert done.code == 0
    said = github.world.said[-1]
    assert (said.kind, said.state, len(github.checks)) == ("check", "failure", 1)
    assert {path for path, *_ in said.annotations} >= {"releases/web-prod.yaml"}


def test_mistakes_in_the_files_replace_the_former_plan(checkout: Checkout, github: GithubServer) -> None:
    upgrade(checkout)
    checkout.fairway(*BASE, "--comment", **in_actions(checkout, github))
    checkout.put("releases/prod.yaml", "releases:\n  - name: web\n    chrat: {dir: charts/app}\n")
    done = checkout.fairway(*BASE, "--comment", "--status", **in_actions(checkout, github))
    assert done.code == 2
    (body,) = bodies(github)
    assert "Fairway plan: failed" in body
    assert 'releases/prod.yaml:3:5 release "web": unknown key "chrat"' in body
    assert github.world.said[-1].state == "failure"


@pytest.mark.parametrize("lacking", ["GITHUB_TOKEN", "GITHUB_EVENT_PATH"])
def test_what_is_lacking_is_named_before_anything_is_rendered(
    lacking: str, checkout: Checkout, github: GithubServer
) -> None:
    env = {**in_actions(checkout, github), lacking: "", "GITHUB_REF": "refs/heads/change"}
    done = checkout.fairway(*BASE, "--comment", **env)
    assert done.code == 2
    assert {"GITHUB_TOKEN": "set FAIRWAY_FORGE_TOKEN or GITHUB_TOKEN", "GITHUB_EVENT_PATH": "--pull-request"}[
        lacking
    ] in done.err
    assert done.out == ""


def test_options_go_before_what_the_pipeline_says(checkout: Checkout, github: GithubServer) -> None:
    github.world.open("other", "main", "another", "")
    words = ("--comment", "--status", "--pull-request", "2", "--commit", "c" * 40)
    assert checkout.fairway(*BASE, *words, **in_actions(checkout, github)).code == 0
    assert bodies(github) == []
    assert len(github.world.requests[2].notes) == 1
    assert {said.commit for said in github.world.said} == {"c" * 40}


def test_outside_of_a_pipeline_fairway_yaml_says_where(checkout: Checkout, github: GithubServer) -> None:
    forge = f"{{kind: github, api: '{github.api}', repository: {github.world.path}, token: {{env: MY_TOKEN}}}}"
    checkout.put("fairway.yaml", f"git:\n  url: https://github.example/x/y\n  forge: {forge}\n")
    done = checkout.fairway(*BASE, "--comment", "--pull-request", "1", MY_TOKEN=github.token)
    assert done.code == 0, done.err
    assert len(bodies(github)) == 1


def test_the_token_of_a_pipeline_goes_to_its_own_forge_alone(checkout: Checkout, github: GithubServer) -> None:
    env = in_actions(checkout, github)
    with serving(GithubServer()) as other:
        forge = f"{{kind: github, api: '{other.api}'}}"
        checkout.put("fairway.yaml", f"git:\n  forge: {forge}\n")
        words = ("--comment", "--pull-request", "1", "--repository", "https://other.example/shop/deployments")
        done = checkout.fairway(*BASE, *words, **env)
        assert (done.code, "no login" in done.err) == (2, True), done.err
        assert other.asked == []


def test_a_pull_request_from_a_fork_is_planned_though_nothing_can_be_reported(
    checkout: Checkout, github: GithubServer
) -> None:
    upgrade(checkout)
    env = in_actions(checkout, github)
    head = {"sha": "a" * 40, "repo": {"full_name": "stranger/deployments"}}
    (checkout.folder.parent / "event.json").write_text(json.dumps({"pull_request": {"number": 1, "head": head}}))
    github.failures = [Answer(403, {"message": "Resource not accessible by integration"})] * 9
    done = checkout.fairway(*BASE, "--comment", "--status", **env)
    assert done.code == 0, done.err
    assert "1 release, 2 objects change" in done.out
    assert done.err.count("comes from a fork") == 2


def test_a_forge_that_does_not_answer_is_told_after_the_plan(checkout: Checkout, github: GithubServer) -> None:
    upgrade(checkout)
    github.failures = [Answer(401, {"message": "Bad credentials"})] * 9
    done = checkout.fairway(*BASE, "--comment", **in_actions(checkout, github))
    assert done.code == 2
    assert "1 release, 2 objects change" in done.out
    assert "refused the login" in done.err
    assert github.token not in done.err


def test_an_interrupted_plan_leaves_no_status_pending(checkout: Checkout, github: GithubServer) -> None:
    """The base comes from a remote that never answers, and the pipeline is cancelled meanwhile."""
    checkout.put("../slow", "#!/bin/sh\necho $$ > ../pid\nexec sleep 60\n")
    slow = checkout.folder.parent / "slow"
    slow.chmod(0o755)
    checkout.git("remote", "add", "origin", f"ext::{slow}")
    env = {**checkout.env, **in_actions(checkout, github), "GIT_ALLOW_PROTOCOL": "ext"}
    words = [sys.executable, "-c", PROGRAM, "plan", "--base", "elsewhere", "--status"]
    process = subprocess.Popen(words, cwd=checkout.folder, env=env, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not (github.world.said and (checkout.folder.parent / "pid").exists()) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        assert process.wait(30) == 130
    finally:
        process.kill()
    assert [(one.state, one.description) for one in github.world.said] == [
        ("pending", "planning"),
        ("failure", "no plan: interrupted"),
    ]
    left = Path(f"/proc/{(checkout.folder.parent / 'pid').read_text().strip()}/stat")
    assert not left.exists() or ") Z " in left.read_text(), "the transport runs on"
