"""`fairway deploy` as a pipeline runs it: what is asked for, what is shown, and the code that it ends with."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.contract.forges.test_github import pem
from tests.support.asking import asking_in_a_thread
from tests.support.forges.github import APP_ID
from tests.support.forges.github_deployments import BROKEN, FORBIDDEN, RATE_LIMIT, DeploymentsServer, Fault
from tests.support.forges.serving import Answer
from tests.support.pipeline import Job

GOOD = ("deploy", "--resource", "app.yaml", "--var", "image=shop/web:1.9.1", "--cluster", "prod")
AT_WEB = ("--repository", "shop/web", "--ref", "main")
HEALTHY = [("queued", ""), ("in_progress", "2 resources applied"), ("success", "Deployment successful (2 resources)")]


def deploy(job: Job, *more: str) -> tuple[int, str]:
    done = job.run(*GOOD, *AT_WEB, *more)
    return done.code, done.err


def test_a_deployment_is_asked_for_and_followed_to_its_end(at_github: Job, github: DeploymentsServer) -> None:
    github.story = list(HEALTHY)
    done = at_github.run(*GOOD, *AT_WEB, "--wait", "-o", "json")
    assert done.code == 0, done.err
    (kept,) = github.deployments.values()
    assert kept.shown["environment"] == "prod"
    assert kept.shown["payload"]["team"] == "shop"
    (deployment, service) = kept.shown["payload"]["kubernetes"]["resources"]
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:1.9.1"
    assert service["kind"] == "Service"
    for state, text in HEALTHY:
        assert any(line.startswith(state) and text in line for line in done.err.splitlines())
    assert done.json["ending"] == "success"
    assert [one["state"] for one in done.json["statuses"]] == ["queued", "in_progress", "success"]
    assert github.token not in done.out + done.err


@pytest.mark.parametrize(("state", "code"), [("failure", 1), ("error", 2), ("inactive", 3)])
def test_every_outcome_has_its_code(state: str, code: int, at_github: Job, github: DeploymentsServer) -> None:
    github.story = [("queued", ""), (state, "pod web-7d9f: CrashLoopBackOff")]
    found, err = deploy(at_github, "--wait")
    assert found == code
    assert f"{state}: pod web-7d9f: CrashLoopBackOff" in err
    assert f"{github.url}/logs" in err


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (FORBIDDEN, "Resource not accessible by integration"),
        (Answer(409, {"message": "Conflict merging main into topic."}), "Conflict merging main into topic"),
        (Answer(422, {"message": "No ref found for: main"}), "No ref found for: main"),
        (Answer(401, {"message": "Bad credentials"}), "refused the login"),
    ],
)
def test_a_refusal_ends_with_4(answer: Answer, text: str, at_github: Job, github: DeploymentsServer) -> None:
    github.faults = [Fault("POST", "/deployments", answer, times=9)]
    code, err = deploy(at_github, "--wait")
    assert code == 4
    assert text in err


@pytest.mark.parametrize("answer", [BROKEN, RATE_LIMIT])
def test_nobody_there_ends_with_5(answer: Answer, at_github: Job, github: DeploymentsServer) -> None:
    github.faults = [Fault("GET", "/deployments", answer, times=99)]
    assert deploy(at_github, "--wait", "--timeout", "2s")[0] == 5
    assert deploy(at_github, "--retry", "false")[0] == 5


def test_a_lost_answer_makes_one_deployment(at_github: Job, github: DeploymentsServer) -> None:
    github.faults = [Fault("POST", "/deployments")]
    code, err = deploy(at_github)
    assert (code, len(github.deployments)) == (0, 1)
    assert "again" in err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("deploy", "--bogus"), "No such option"),
        (("deploy", "--timeout", "soon"), "no length of time"),
        (("deploy", "--cluster", "prod"), "there is nothing to deploy"),
        (("deploy", "--resource", "nowhere.yaml", "--cluster", "prod"), "nowhere.yaml can't be read"),
        (("deploy", "--resource", "app.yaml", "--var", "image"), "a variable has no name or no ="),
        ((*GOOD[:5], *AT_WEB), "it is not said where to deploy to"),
        (GOOD, "the repository is not known"),
        ((*GOOD, "--repository", "shop/web"), "there is no login to deploy with"),
        ((*GOOD, *AT_WEB, "--via", "server"), "the address of hookd is not known"),
        ((*GOOD, *AT_WEB, "--deploy-server", "https://x", "--apikey", "hunter2"), "the team's key can't be read"),
        ((*GOOD, "--repository", "shop/web", "--github-token", "x"), "it is not known what to deploy"),
        ((*GOOD, *AT_WEB, "--github-token", "x", "--github-api-url", "http://[::1"), "is no address of GitHub's API"),
    ],
)
def test_a_wrong_call_ends_with_6(words: tuple[str, ...], text: str, job: Job) -> None:
    done = job.run(*words)
    assert done.code == 6
    assert text in done.err
    assert "hunter2" not in done.err + done.out


def test_a_template_that_misses_something_ends_with_8(at_github: Job, github: DeploymentsServer) -> None:
    done = at_github.run("deploy", "--resource", "app.yaml", "--var", "imge=x", "--cluster", "prod", *AT_WEB)
    assert done.code == 8
    assert 'app.yaml:4:62  error    no variable "image"; did you mean "imge"?' in done.err
    assert github.asked == []


def test_a_resource_that_is_none_ends_with_8(at_github: Job) -> None:
    at_github.put("app.yaml", "kind: Deployment\n")
    done = at_github.run(*GOOD, *AT_WEB)
    assert done.code == 8
    assert "apiVersion: it is missing" in done.err


def test_no_outcome_in_time_ends_with_9(at_github: Job, github: DeploymentsServer) -> None:
    github.story = [("queued", "waiting")]
    code, err = deploy(at_github, "--wait", "--timeout", "2s")
    assert code == 9
    assert "still queued after" in err
    github.story = []
    code, err = deploy(at_github, "--wait", "--timeout", "1s", "--environment", "other")
    assert "no status at all" in err


def test_a_dry_run_asks_nobody_and_shows_everything_but_secrets(at_github: Job, github: DeploymentsServer) -> None:
    at_github.put("more.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n")
    done = at_github.run(*GOOD, "--resource", "more.yaml", *AT_WEB, "--dry-run", "--print-payload")
    assert done.code == 0
    assert done.json["payload"]["team"] == "shop"
    assert done.json["environment"] == "prod"
    assert "hunter2" not in done.out + done.err
    assert "Secret s" in done.err
    assert github.asked == []


def test_quietly_only_mistakes_are_told(at_github: Job, github: DeploymentsServer) -> None:
    github.story = list(HEALTHY)
    assert deploy(at_github, "--wait", "--quiet") == (0, "")
    github.story = [("failure", "it did not start")]
    code, err = deploy(at_github, "--wait", "--quiet")
    assert (code, err.splitlines()[0].partition(" · ")[0]) == (1, "error: failure: it did not start")


def test_the_variables_of_earlier_pipelines_are_understood(at_github: Job, github: DeploymentsServer) -> None:
    at_github.put("prod.yaml", "image: shop/web:1\n")
    at_github.env |= {
        "RESOURCE": "app.yaml",
        "VARS": "prod.yaml",
        "VAR": "image=shop/web:2,more=x",
        "CLUSTER": "prod",
        "OWNER": "shop",
        "REPOSITORY": "web",
        "REF": "main",
        "TEAM": "bank",
        "WAIT": "true",
        "TIMEOUT": "60s",
        "QUIET": "true",
    }
    github.story = list(HEALTHY)
    done = at_github.run("deploy")
    assert (done.code, done.err) == (0, "")
    (kept,) = github.deployments.values()
    assert (kept.repository, kept.shown["payload"]["team"]) == ("shop/web", "bank")
    assert "shop/web:2" in json.dumps(kept.shown["payload"])


def test_in_github_actions_there_are_annotations_a_summary_and_outputs(
    at_github: Job, github: DeploymentsServer
) -> None:
    at_github.in_actions()
    github.story = [("queued", ""), ("failure", "::set-env name=x::pod <b>web</b> | [x](y) crashed")]
    done = at_github.run(*GOOD, "--wait")
    assert done.code == 1
    lines = done.err.splitlines()
    assert "::group::2 resources" in lines
    assert not any(line.startswith("::set-env") for line in lines)
    assert any(line.startswith("::error title=web to prod%3A failure::failure: ::set-env") for line in lines)
    summary = at_github.read("summary.md")
    assert summary.startswith("### shop/web to prod: failure\n")
    assert "| queued |" in summary
    assert "<b>" not in summary.replace("\\<b\\>", "")
    assert f"[Log](<{github.url}/logs>)" in summary
    outputs = dict(line.split("=", 1) for line in at_github.read("output.txt").splitlines())
    assert (outputs["ending"], outputs["state"], outputs["log-url"]) == ("failure", "failure", f"{github.url}/logs")
    (kept,) = github.deployments.values()
    assert kept.shown["ref"] == "1" * 40


def test_in_github_actions_a_mistake_stands_at_its_line(at_github: Job) -> None:
    at_github.in_actions()
    done = at_github.run("deploy", "--resource", "app.yaml", "--var", "x=1", "--cluster", "prod")
    assert done.code == 8
    assert done.err.startswith("::error file=app.yaml,title=template-variable,line=4,col=62::no variable")


def test_a_github_app_deploys_too(job: Job, github: DeploymentsServer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    github.public_key = key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()
    job.put("key.pem", pem(key))
    login = ("--github-app-id", str(APP_ID), "--github-key-file", "key.pem", "--github-api-url", github.api)
    done = job.run(*GOOD, *AT_WEB, *login)
    assert done.code == 0, done.err
    assert len(github.deployments) == 1


def test_hookd_itself_is_asked_with_the_teams_key(job: Job) -> None:
    job.put("app.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, labels: {team: shop}}\n")
    with asking_in_a_thread() as (address, key):
        job.put("key", key.hex() + "\n")
        words = (
            "--repository",
            "example/orders",
            "--cluster",
            "dev",
            "--deploy-server",
            address,
            "--apikey-file",
            "key",
        )
        done = job.run("deploy", "--resource", "app.yaml", *words, "--wait", "--timeout", "2s", "-o", "json")
        assert done.code == 9, done.err
        assert done.json["code"] == 201
        assert [one["state"] for one in done.json["statuses"]] == ["queued"]
        job.put("key", "ab" * 32)
        done = job.run("deploy", "--resource", "app.yaml", *words)
    assert done.code == 4
    assert "hookd answered 401" in done.err
    assert key.hex() not in done.err + done.out
