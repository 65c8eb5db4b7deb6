"""From an API server's refusal to the error that says what the caller must do.

The rule not to break: bodies are cut, and what a Secret holds never gets into a message.
Source: `metav1.Status` in k8s.io/apimachinery.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from fairway.domain.errors import FairwayError, Transient
from fairway.domain.kube_errors import (
    AlreadyExists,
    ApiRefusal,
    Cause,
    Conflict,
    Forbidden,
    InvalidObject,
    UnknownKind,
)

LONGEST = 2000
LONGEST_VALUE = 200
_VALUE = "Invalid value: {"
_DECODER = json.JSONDecoder()
UNHANDLED = frozenset({409, 429})
"""Codes of Transient refusals that leave nothing behind (quota conflict, too busy): even a create may be repeated."""

_PASSING = frozenset({408, 429, 500, 502, 503, 504})

_UNTYPED = ("failed to create typed patch object", "field not declared in schema", "unable to convert")
"""Server-side apply answers 500 without a reason to an object that breaks the schema."""

_REFUSALS: dict[int, type[ApiRefusal]] = {
    400: InvalidObject,
    401: Forbidden,
    403: Forbidden,
    409: Conflict,
    413: InvalidObject,
    415: InvalidObject,
    422: InvalidObject,
}


class NotFound(ApiRefusal):
    """404 for an object (or its namespace), while the API itself is there."""


class Expired(ApiRefusal):
    """410: the resourceVersion or continue token is too old; list again."""


def error_of(status: int, body: bytes, *, what: str) -> FairwayError:
    """The error for an answer outside 2xx; `what` says for people what was asked, e.g. `apply Deployment web`."""
    answer = _status_of(body)
    said = str(answer.get("message") or "") or body[:LONGEST].decode(errors="replace").strip()
    message = _cut(said) or f"HTTP {status}"
    reason = str(answer.get("reason") or "")
    details = answer.get("details") or {}
    text = f"{what}: {message}"
    if status == 500 and any(phrase in message for phrase in _UNTYPED):
        return InvalidObject(text, status=status, reason="Invalid", causes=_causes(details))
    if status in _PASSING:
        return Transient(text)
    if status == 404:
        kind: type[ApiRefusal] = NotFound if details.get("name") else UnknownKind
        return kind(text, status=status, reason=reason, fix=_fix_of_missing(details))
    if status == 410:
        return Expired(text, status=status, reason=reason)
    if status == 409 and details.get("kind") == "resourcequotas":
        return Transient(text)
    refusal = AlreadyExists if reason == "AlreadyExists" else _REFUSALS.get(status, ApiRefusal)
    return refusal(text, status=status, reason=reason, causes=_causes(details), fix=_fix(status, message))


def _status_of(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) and answer.get("kind") == "Status" else {}


def _cut(text: str) -> str:
    """Without whole objects that stand in it, and from the middle: why it was refused stands behind what was."""
    parts: list[str] = []
    start = 0
    while (at := text.find(_VALUE, start)) >= 0:
        at += len(_VALUE) - 1
        try:
            end = _DECODER.raw_decode(text, at)[1]
        except (ValueError, RecursionError):
            break
        parts.append(text[start:at] + (text[at:end] if end - at <= LONGEST_VALUE else "{…}"))
        start = end
    text = "".join([*parts, text[start:]])
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[: half - 3]} … {text[-half:]}"


def _causes(details: dict[str, Any]) -> tuple[Cause, ...]:
    return tuple(
        Cause(str(c.get("reason") or ""), _cut(str(c.get("message") or "")), str(c.get("field") or ""))
        for c in details.get("causes") or ()
        if isinstance(c, dict)
    )


def _fix(status: int, message: str) -> str | None:
    if status == 401:
        return "log in again, or check the credentials of the context"
    if status == 403 and "is forbidden: User" in message:
        return "have somebody grant this permission (RBAC)"
    return None


def _fix_of_missing(details: dict[str, Any]) -> str | None:
    if details.get("kind") == "namespaces":
        return f"create it: kubectl create namespace {details.get('name')}"
    return None
