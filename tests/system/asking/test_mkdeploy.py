"""`fairway mkdeploy` against a hookd: what it sends, what it shows, and the code that it ends with."""

from __future__ import annotations

import json

import pytest
from tests.support.asking import SECRET, asking_in_a_thread
from tests.support.pipeline import Job

WORDS = (
    "mkdeploy",
    "--repository",
    "example/orders",
    "--environment",
    "dev",
    "--resource",
    "app.yaml",
    "--var",
    "image=x",
)


def test_an_event_is_accepted_and_its_answer_shown(job: Job) -> None:
    job.put("secret", SECRET)
    with asking_in_a_thread() as (address, _):
        words = (*WORDS, "--url", address, "--hmac-file", "secret", "--delivery-id", "d-1")
        done = job.run(*words, "-o", "json")
        again = job.run(*words)
        waited = job.run(*words, "--wait", "--timeout", "2s")
    assert done.code == 0, done.err
    assert "asked for    d-1  201" in done.err
    assert (done.json["id"], done.json["code"], done.json["ending"]) == ("d-1", 201, "success")
    assert (again.code, "d-1  200 already accepted" in again.err) == (0, True)
    assert waited.code == 9
    assert any(line.startswith("queued") for line in waited.err.splitlines())
    assert SECRET not in done.out + done.err + again.err


@pytest.mark.parametrize(
    ("words", "text", "fix"),
    [
        (("--hmac", "wrong"), "payload signature check failed", "--hmac-file"),
        ((), "missing signature", "--hmac-file"),
        (("--hmac", SECRET, "--environment", "mars"), "environment 'mars' is not known; known: dev", "--clusters"),
        (("--hmac", SECRET, "--team", "bank"), "does not have access to deploy as team 'bank'", "add the team"),
        (("--hmac", SECRET, "--repository", "bank/web"), "repository 'bank/web' is not registered", "register it"),
    ],
)
def test_what_hookd_refuses_ends_with_2_its_text_and_a_way_out(
    words: tuple[str, ...], text: str, fix: str, job: Job
) -> None:
    with asking_in_a_thread() as (address, _):
        done = job.run(*WORDS, "--url", address, *words, "--delivery-id", "d-7", "-o", "json")
    assert done.code == 2
    assert text in done.err
    assert done.err.splitlines()[-1].startswith("  ")
    assert fix in done.err.splitlines()[-1]
    assert "delivery d-7 to" in done.err
    assert ("everybody on this machine can read --hmac" in done.err) is ("--hmac" in words)
    assert (done.json["id"], done.json["ending"], done.json["exitCode"]) == ("d-7", "error", 2)
    assert done.json["code"] in (400, 403)


def test_a_payload_goes_out_as_it_is(job: Job) -> None:
    payload = {"version": [2, 0, 0], "team": "shop", "kubernetes": {"resources": []}}
    job.put("payload.json", json.dumps(payload))
    words = ("mkdeploy", "--repository", "example/orders", "--environment", "dev", "--hmac", SECRET)
    with asking_in_a_thread() as (address, _):
        from_file = job.run(*words, "--payload", "payload.json", "--url", address)
        in_place = job.run(*words, "--payload", json.dumps(payload), "--url", address)
    for done in (from_file, in_place):
        assert done.code == 2
        assert "version 2.0.0 of the payload is not supported" in done.err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ((*WORDS, "--url", "http://127.0.0.1:1"), 5, "can't be reached"),
        ((*WORDS, "--payload", "{}"), 6, "both --payload and --resource are given"),
        (("mkdeploy", "--payload", "{", "--environment", "dev", "--repository", "a/b"), 6, "the payload is not JSON"),
        (("mkdeploy", "--payload", "{}", "--repository", "a/b"), 6, "it is not said where to deploy to"),
        (("mkdeploy", "--payload", "{}", "--environment", "dev"), 6, "the repository is not known"),
        ((*WORDS[:-1], "imge=x"), 8, 'no variable "image"'),
    ],
)
def test_what_never_reaches_hookd_has_its_code(words: tuple[str, ...], code: int, text: str, job: Job) -> None:
    done = job.run(*words)
    assert (done.code, text in done.err) == (code, True), done.err
