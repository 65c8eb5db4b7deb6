"""Bodies of the deployments API, read and checked. Contract: docs/spec/deployments-api.md.

The rule not to break: whatever the bytes are, nothing but `Unacceptable` (400) comes out of here; unknown keys are
refused, so that a misspelt one is not left out in silence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from fairway.domain.dispatch.answers import Unacceptable, shown
from fairway.domain.dispatch.payloads import Malformed, json_problem, read_resources, read_team
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.manifests.objects import Object

DEPLOY_KEYS = (
    "resources",
    "team",
    "cluster",
    "environment",
    "owner",
    "repository",
    "ref",
    "timestamp",
    "sha",
    "creator",
    "description",
)
STATUS_KEYS = ("deliveryID", "team", "owner", "repository", "timestamp")
PROVISION_KEYS = ("team", "rotate", "timestamp")
LONGEST_TEXT = 500
LATEST = 2**40
"""Of times in seconds: 36812."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_KUBERNETES_NAME = re.compile(r"[!-~]{1,253}")


@dataclass(frozen=True, slots=True)
class DeployBody:
    team: str
    cluster: str
    repository: RepositoryName
    resources: tuple[Object, ...] = field(repr=False)
    timestamp: int
    environment: str = ""
    ref: str = ""
    sha: str = ""
    creator: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class StatusBody:
    """Asked for by the team, with its key, or by the repository, with its token; so one of the two is there."""

    delivery_id: str
    timestamp: int
    team: str = ""
    repository: RepositoryName | None = None


@dataclass(frozen=True, slots=True)
class ProvisionBody:
    team: str
    timestamp: int
    rotate: bool = False


def delivery_of(body: bytes) -> str:
    """The id of a request: the same body, byte by byte, is the same request, however often it is sent."""
    number = int.from_bytes(hashlib.sha256(body).digest()[:16])
    # Version 8 of RFC 9562: a number of the maker's own.
    number = number & ~(0xF << 76) | 8 << 76
    return str(UUID(int=number & ~(3 << 62) | 2 << 62))


def read_deploy(body: bytes) -> DeployBody:
    document = _document(body, DEPLOY_KEYS)
    resources = _placed(read_resources, document.get("resources"), "resources")
    if not resources:
        raise Unacceptable(400, "no resources to deploy")
    _check_names(resources)
    return DeployBody(
        team=_team(document),
        cluster=_required(document, "cluster"),
        repository=_repository(document),
        resources=resources,
        timestamp=_timestamp(document),
        **{key: _text(document, key) for key in ("environment", "ref", "sha", "creator", "description")},
    )


def read_status(document: Mapping[str, Any]) -> StatusBody:
    """From what `status_document` or `status_query` gives."""
    team = _team(document) if document.get("team") else ""
    named = document.get("owner") is not None or document.get("repository") is not None
    if not team and not named:
        raise Unacceptable(400, "team, or owner and repository: one of them is needed")
    repository = _repository(document) if named else None
    return StatusBody(_required(document, "deliveryID"), _timestamp(document), team, repository)


def status_document(body: bytes) -> Mapping[str, Any]:
    return _document(body, STATUS_KEYS)


def status_query(pairs: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    """The same from a query string, where everything is a text and a name may be there twice."""
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name not in STATUS_KEYS:
            raise _unknown(name, STATUS_KEYS)
        if name in document:
            raise Unacceptable(400, f"{name} is there twice")
        document[name] = value
    written = document.get("timestamp", "")
    if re.fullmatch(r"[0-9]{1,12}", written):
        document["timestamp"] = int(written)
    return document


def read_provision(body: bytes) -> ProvisionBody:
    document = _document(body, PROVISION_KEYS)
    rotate = document.get("rotate", False)
    if not isinstance(rotate, bool):
        raise Unacceptable(400, "rotate: expected true or false")
    return ProvisionBody(_team(document), _timestamp(document), rotate)


def _document(body: bytes, known: Sequence[str]) -> Mapping[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unacceptable(400, f"the body is not JSON: {json_problem(error)}") from None
    if not isinstance(document, dict):
        raise Unacceptable(400, "the body is not a JSON object")
    for key in document:
        if key not in known:
            raise _unknown(key, known)
    return document


def _unknown(key: str, known: Sequence[str]) -> Unacceptable:
    return Unacceptable(400, f"unknown key '{shown(key, 50)}'; known: {', '.join(known)}")


def _team(document: Mapping[str, Any]) -> str:
    team = _placed(read_team, document.get("team"), "team")
    if not team:
        raise Unacceptable(400, "team: it is missing")
    if not _NAME.fullmatch(team):
        raise Unacceptable(400, f"team: '{shown(team)}' is no slug of a team on GitHub")
    return str(team)


def _placed(read: Any, value: Any, place: str) -> Any:
    try:
        return read(value, place)
    except Malformed as error:
        raise Unacceptable(400, error.message) from None


def _check_names(resources: Sequence[Object]) -> None:
    """Kubernetes has no names with blanks or letters beyond ASCII; they are told here, before anything waits."""
    for number, resource in enumerate(resources):
        metadata = resource["metadata"]
        named = {"apiVersion": resource["apiVersion"], "kind": resource["kind"], "metadata.name": metadata["name"]}
        if metadata.get("namespace") is not None:
            named["metadata.namespace"] = metadata["namespace"]
        for key, value in named.items():
            if not _KUBERNETES_NAME.fullmatch(value):
                raise Unacceptable(400, f"resources[{number}].{key}: '{shown(value, 40)}' is no name")


def _repository(document: Mapping[str, Any]) -> RepositoryName:
    owner, name = _required(document, "owner"), _required(document, "repository")
    for key, value in (("owner", owner), ("repository", name)):
        if not _NAME.fullmatch(value) or value in (".", ".."):
            raise Unacceptable(400, f"{key}: '{shown(value)}' is no name on GitHub; write owner and name apart")
    return RepositoryName(owner, name)


def _required(document: Mapping[str, Any], key: str) -> str:
    if not (text := _text(document, key)):
        raise Unacceptable(400, f"{key}: it is missing")
    return text


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unacceptable(400, f"{key}: expected a text")
    return shown(value.strip(), LONGEST_TEXT)


def _timestamp(document: Mapping[str, Any]) -> int:
    value = document.get("timestamp")
    if value is None:
        raise Unacceptable(400, "timestamp: it is missing; write the time in seconds since 1970")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST or value % 1:
        raise Unacceptable(400, "timestamp: expected a whole number of seconds since 1970")
    return int(value)
