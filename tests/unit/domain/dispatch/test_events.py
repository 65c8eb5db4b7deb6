"""Each row of the table that needs nothing but the event: its code, its text, and whether GitHub is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch.answers import Unacceptable, error_description
from fairway.domain.dispatch.events import (
    access_unknown,
    check_access,
    check_cluster,
    check_contents,
    check_environment,
    read_event,
    read_event_payload,
)
from fairway.domain.dispatch.payloads import Payload
from fairway.domain.dispatch.requests import RepositoryName

RESOURCE: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}}
DEPLOYMENT: dict[str, Any] = {
    "id": 42,
    "environment": "dev-fss",
    "ref": "main",
    "sha": "3f2c1ab",
    "creator": {"login": "anna"},
    "description": "as every night",
    "payload": {"version": [1, 0, 0], "team": "aura", "kubernetes": {"resources": [RESOURCE]}},
}
EVENT: dict[str, Any] = {
    "action": "created",
    "repository": {"full_name": "navikt/web", "html_url": "https://github.com/navikt/web"},
    "deployment": DEPLOYMENT,
}
REPOSITORY = RepositoryName("navikt", "web")


def body(**changed: Any) -> bytes:
    return json.dumps(EVENT | changed).encode()


def deployment(**changed: Any) -> bytes:
    return body(deployment=DEPLOYMENT | changed)


def untold(sent: bytes) -> tuple[int, str]:
    with pytest.raises(Unacceptable) as refused:
        read_event(sent)
    assert not refused.value.is_told
    return refused.value.code, refused.value.message


def test_an_event_is_read_with_where_it_came_from() -> None:
    event = read_event(body())
    assert (event.repository, event.deployment_id, event.environment) == (REPOSITORY, 42, "dev-fss")
    assert event.origin.creator == "anna"
    assert (event.origin.ref, event.origin.sha, event.origin.description) == ("main", "3f2c1ab", "as every night")
    assert event.origin.web_url == "https://github.com/navikt/web/deployments"
    assert read_event_payload(event).team == "aura"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"", "the body is not JSON: Input is a zero-length, empty document at line 1, column 1"),
        (b'{"a":\n nul}', "the body is not JSON: invalid literal, expected 'null' at line 2, column 2"),
        (b'{"a": "\xff"}', "the body is not JSON: str is not valid UTF-8: surrogates not allowed at line 1, column 1"),
        (b'{"a": "\\ud800"}', "the body is not JSON: no low surrogate in string at line 1, column 8"),
        (b'{"a": 1e400}', "the body is not JSON: number is infinity when parsed as double at line 1, column 7"),
        (b"[" * 100_000, "the body is not JSON: depth limit exceeded at line 1, column 1026"),
        (b"[]", "no repository specified"),
        (b"null", "no repository specified"),
        (b"{}", "no repository specified"),
        (body(repository=None), "no repository specified"),
        (body(repository="navikt/web"), "no repository specified"),
        (body(repository={"full_name": ""}), "no repository specified"),
        (body(repository={"full_name": "web"}), "repository name web is not in the format OWNER/NAME"),
        (body(repository={"full_name": "a/b/c"}), "repository name a/b/c is not in the format OWNER/NAME"),
        (body(repository={"full_name": "../.."}), "repository name ../.. is not in the format OWNER/NAME"),
        (body(repository={"full_name": "a/ b"}), "repository name a/ b is not in the format OWNER/NAME"),
        (body(repository={"full_name": "a/\0"}), "repository name a/? is not in the format OWNER/NAME"),
        (body(repository={"full_name": 7}), "repository name of another type is not in the format OWNER/NAME"),
        (body(deployment=None), "deployment object is empty"),
        (body(deployment={}), "deployment object is empty"),
        (body(deployment=[1]), "deployment object is empty"),
        (deployment(id=None), "deployment object has no valid id"),
        (deployment(id="42"), "deployment object has no valid id"),
        (deployment(id=0), "deployment object has no valid id"),
        (deployment(id=True), "deployment object has no valid id"),
        (deployment(id=2**63), "deployment object has no valid id"),
    ],
)
def test_what_is_wrong_before_the_deployment_is_known_is_not_told_to_github(sent: bytes, text: str) -> None:
    assert untold(sent) == (400, text)


@pytest.mark.parametrize("environment", [None, "", "  ", 7, ["dev"]])
def test_an_environment_has_to_be_named(environment: Any) -> None:
    event = read_event(deployment(environment=environment))
    with pytest.raises(Unacceptable, match=r"^environment is not specified$") as refused:
        check_environment(event)
    assert (refused.value.code, refused.value.is_told) == (400, True)


def test_a_payload_is_refused_with_its_real_cause() -> None:
    event = read_event(deployment(payload={"version": [1, 0, 0], "kubernetes": {"resources": [RESOURCE, {}]}}))
    with pytest.raises(Unacceptable) as refused:
        read_event_payload(event)
    assert refused.value.message == "payload is invalid: kubernetes.resources[1].apiVersion: it is missing"
    assert (refused.value.code, refused.value.is_told) == (400, True)


@pytest.mark.parametrize(
    ("known", "listed"),
    [
        ((), "none yet"),
        (("dev-sbs",), "dev-sbs"),
        (("prod-fss", "dev-sbs"), "dev-sbs, prod-fss"),
        ([f"c{n:02}" for n in range(33)], ", ".join(f"c{n:02}" for n in range(30)) + " and 3 more"),
    ],
)
def test_an_unknown_environment_is_answered_with_the_known_ones(known: Any, listed: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        check_cluster("dev-fss", known)
    assert refused.value.message == f"environment 'dev-fss' is not known; known: {listed}"
    assert (refused.value.code, refused.value.is_told) == (400, True)


def test_a_known_environment_passes() -> None:
    check_cluster("dev-fss", {"dev-fss"})


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (Payload((1, 0, 0), "", (RESOURCE,)), "no team was specified in deployment payload"),
        (Payload((1, 0, 0), "", ()), "no team was specified in deployment payload"),
        (Payload((1, 0, 0), "aura", ()), "no resources to deploy"),
    ],
)
def test_a_team_and_resources_have_to_be_there(payload: Payload, text: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        check_contents(payload)
    assert (refused.value.code, refused.value.message, refused.value.is_told) == (400, text, True)


@pytest.mark.parametrize(
    ("teams", "text"),
    [
        (None, "repository 'navikt/web' is not registered"),
        (frozenset[str](), "the repository 'navikt/web' does not have access to deploy as team 'Aura'"),
        (frozenset({"other"}), "the repository 'navikt/web' does not have access to deploy as team 'Aura'"),
    ],
)
def test_a_repository_deploys_only_as_its_teams(teams: Any, text: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        check_access(REPOSITORY, "Aura", teams)
    assert (refused.value.code, refused.value.message, refused.value.is_told) == (403, text, True)


def test_slugs_of_teams_are_compared_without_regard_to_case() -> None:
    check_access(REPOSITORY, "AURA", frozenset({"aura"}))


def test_a_store_that_is_away_is_said_to_be() -> None:
    error = access_unknown("no answer from 10.0.0.1")
    assert error.message == "unable to check if repository has team access: no answer from 10.0.0.1"
    assert (error.code, error.is_told) == (503, True)


def test_github_is_told_in_at_most_140_characters() -> None:
    assert error_description("no resources to deploy") == "Error in deployment request: no resources to deploy"
    long = error_description("payload is invalid: " + "ø" * 200)
    assert len(long) == 140
    assert long.endswith("ø…")


@given(st.binary(max_size=200))
def test_no_bytes_lead_to_anything_but_an_answer(sent: bytes) -> None:
    assert untold(sent)[0] == 400


@given(st.text(), st.text(), st.sampled_from(["full_name", "html_url", "other"]))
def test_texts_of_others_never_move_a_cursor(ref: str, name: str, key: str) -> None:
    sent = body(repository=EVENT["repository"] | {key: name}, deployment=DEPLOYMENT | {"ref": ref, "sha": name})
    said = ""
    try:
        event = read_event(sent)
        said = event.origin.ref + event.origin.sha + event.origin.web_url
    except Unacceptable as error:
        said = error.message
    assert said.isprintable()
