"""The API is as its description says: what that allows, and what it forbids, is sent to the real server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode, checks
from schemathesis.core.parameters import ParameterLocation
from tests.support.asking import PROVISION_KEY, SECRET, asking_in_a_thread

from fairway.domain.dispatch.api_bodies import LATEST
from fairway.domain.dispatch.signatures import signature_of
from fairway.domain.dispatch.team_signatures import sign
from fairway.entrypoints.web.dispatch.openapi import description

schema: Any = schemathesis.openapi.from_dict(description())
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])

TEAM = description()["components"]["schemas"]["Ask"]["properties"]["team"]["pattern"]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, bytes]]:
    with asking_in_a_thread() as running:
        yield running


def send(case: Case, server: tuple[str, bytes], *, signed: bool) -> requests.Response:
    """Signed by who may, over what is really sent."""
    base, key = server
    prepared = requests.Request(**case.as_transport_kwargs(base_url=base)).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else bytes(prepared.body or b"")
    if signed and case.path == "/events":
        prepared.headers["X-Hub-Signature-256"] = signature_of(body, SECRET)
    elif signed and case.path.startswith("/api/v1/"):
        over = body if case.method.upper() != "GET" else (prepared.url or "").partition("?")[2].encode()
        prepared.headers.pop("Authorization", None)
        prepared.headers["X-NAIS-Signature"] = sign(over, PROVISION_KEY if "provision" in case.path else key)
    with requests.Session() as session:
        session.trust_env = False
        return session.send(prepared, allow_redirects=False, timeout=30)


def up_to_date(case: Case) -> None:
    """What the description cannot say: a time that is now, a team that has a key, a cluster that there is."""
    now = int(time.time())
    if isinstance(case.body, dict):
        timestamp = case.body.get("timestamp")
        if type(timestamp) is int and 0 <= timestamp <= LATEST:
            case.body["timestamp"] = now
        for name, pattern, value in (("team", TEAM, "shop"), ("cluster", "[!-~]{1,253}", "dev")):
            written = case.body.get(name)
            if isinstance(written, str) and re.fullmatch(pattern, written):
                case.body[name] = value
    if case.query and re.fullmatch("[0-9]{1,12}", str(case.query.get("timestamp", ""))):
        case.query["timestamp"] = now


def headers_are_good(case: Case) -> bool:
    """They were not made wrong on purpose."""
    component = case.meta.components.get(ParameterLocation.HEADER) if case.meta else None
    return component is None or component.mode is GenerationMode.POSITIVE


def excluded(case: Case, *, signed: bool) -> list[Any]:
    """Who signs what schemathesis left unsigned can't ask whether signatures are looked at; the other test does. That
    a query has to name a team or a repository is nothing that OpenAPI can say, and neither that of an event which is
    no deployment nothing else is looked at."""
    left_out = [checks.ignored_auth, checks.missing_required_header] if signed else []
    if case.path == "/events":
        left_out += [checks.ignored_auth, checks.negative_data_rejection, checks.positive_data_acceptance]
    if case.method.upper() == "GET":
        left_out.append(checks.positive_data_acceptance)
    return left_out


THOROUGHLY = settings(
    max_examples=12, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
)


@schema.parametrize()
@THOROUGHLY
def test_what_is_signed_is_answered_as_described(case: Case, server: tuple[str, bytes]) -> None:
    up_to_date(case)
    signed = headers_are_good(case)
    case.validate_response(send(case, server, signed=signed), excluded_checks=excluded(case, signed=True))


@schema.parametrize()
@THOROUGHLY
def test_what_is_not_signed_is_answered_as_described(case: Case, server: tuple[str, bytes]) -> None:
    case.validate_response(send(case, server, signed=False), excluded_checks=excluded(case, signed=False))


def test_the_server_serves_this_description(server: tuple[str, bytes]) -> None:
    answer = requests.get(f"{server[0]}/api/openapi.json", timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == json.loads(json.dumps(description()))


def test_what_is_not_there_is_not_described() -> None:
    assert "/api/v1/provision" not in description(provisions=False)["paths"]
    assert not [path for path in description(api=False, provisions=False)["paths"] if path.startswith("/api")]
