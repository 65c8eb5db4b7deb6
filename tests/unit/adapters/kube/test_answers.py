"""From a refusal to what the caller must do."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from fairway.adapters.kube.answers import LONGEST, Expired, NotFound, error_of
from fairway.domain.errors import FairwayError, Transient
from fairway.domain.kube_errors import AlreadyExists, ApiRefusal, Conflict, Forbidden, InvalidObject, UnknownKind
from fairway.services.engine.applying import immutable_fields


def body(message: str = "no", reason: str = "", **details: Any) -> bytes:
    return orjson.dumps({"kind": "Status", "message": message, "reason": reason, "details": details})


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (400, body(), InvalidObject),
        (401, body(), Forbidden),
        (403, body(), Forbidden),
        (404, body(name="web", kind="deployments"), NotFound),
        (404, body("the server could not find the requested resource"), UnknownKind),
        (404, b"404 page not found\n", UnknownKind),
        (405, body(), ApiRefusal),
        (409, body(reason="AlreadyExists"), AlreadyExists),
        (409, body(reason="Conflict"), Conflict),
        (409, body(reason="Conflict", kind="resourcequotas"), Transient),
        (410, body(reason="Expired"), Expired),
        (413, b"too large", InvalidObject),
        (422, body(reason="Invalid"), InvalidObject),
        (429, body(), Transient),
        (500, body("etcdserver: request timed out"), Transient),
        (500, body("failed to create typed patch object (x): .spec.y: field not declared in schema"), InvalidObject),
        (502, b"<html>bad gateway</html>", Transient),
        (503, body(), Transient),
        (504, body(), Transient),
    ],
)
def test_each_refusal_has_its_class(status: int, answer: bytes, expected: type[FairwayError]) -> None:
    assert type(error_of(status, answer, what="apply Deployment web")) is expected


def test_causes_name_the_fields() -> None:
    cause = {"reason": "FieldValueInvalid", "message": "field is immutable", "field": "spec.selector"}
    error = error_of(422, body("invalid", "Invalid", causes=[cause]), what="apply Deployment web")
    assert isinstance(error, InvalidObject)
    assert [(c.reason, c.message, c.field) for c in error.causes] == [tuple(cause.values())]
    assert (error.status, error.reason) == (422, "Invalid")


def test_a_message_says_what_was_asked() -> None:
    assert error_of(403, body("nope"), what="list secrets").message == "list secrets: nope"


def test_why_a_large_value_was_refused_is_not_cut_off() -> None:
    value = orjson.dumps({"Containers": [{"Env": [{"Name": f"A{n}", "Value": "{"} for n in range(500)]}]}).decode()
    why = f"Invalid value: {value}: field is immutable"
    cause = {"reason": "FieldValueInvalid", "message": why, "field": "spec.template"}
    message = f'Job.batch "migrate" is invalid: [spec.template: {why}, spec.selector: {why}]'
    error = error_of(422, body(message, "Invalid", causes=[cause]), what="apply Job migrate")
    assert isinstance(error, InvalidObject)
    assert [one.message for one in error.causes] == ["Invalid value: {…}: field is immutable"]
    assert immutable_fields(error) == ["spec.template"]
    assert error.message == (
        'apply Job migrate: Job.batch "migrate" is invalid: '
        "[spec.template: Invalid value: {…}: field is immutable, spec.selector: Invalid value: {…}: field is immutable]"
    )


@pytest.mark.parametrize("value", ['{"a": 1}', "{", '{"a": ' + "[" * 2000, '"text"', "x" * 5000])
def test_other_values_stay_and_the_end_is_always_there(value: str) -> None:
    message = error_of(422, body(f"spec: Invalid value: {value}: field is immutable"), what="w").message
    assert message.startswith(f"w: spec: Invalid value: {value[:900]}")
    assert message.endswith(": field is immutable")
    assert len(message) <= LONGEST + 10


def test_long_bodies_are_cut() -> None:
    assert len(error_of(422, body("x" * 100_000), what="w").message) < LONGEST + 10
    assert len(error_of(500, b"x" * 100_000, what="w").message) < LONGEST + 10


def test_missing_rights_and_namespaces_come_with_a_fix() -> None:
    denied = error_of(403, body('secrets is forbidden: User "anna" cannot list'), what="w")
    assert "RBAC" in (denied.fix or "")
    missing = error_of(404, body('namespaces "shop" not found', name="shop", kind="namespaces"), what="w")
    assert missing.fix == "create it: kubectl create namespace shop"


def test_bodies_that_are_no_status_are_quoted() -> None:
    assert error_of(403, b"proxy says no", what="w").message == "w: proxy says no"
    assert error_of(403, b"", what="w").message == "w: HTTP 403"
    assert error_of(403, b"[1]", what="w").message == "w: [1]"
