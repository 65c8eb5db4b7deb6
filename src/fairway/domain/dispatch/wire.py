"""Requests, statuses and announcements as bytes, and back. Contract: docs/spec/queue.md.

The rule not to break: bytes that are no whole message of that kind raise `Unreadable` and nothing else. Without that
care an empty message would read as a success, since success is the number 0 and zeros are not written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import DecodeError

from fairway.domain.dispatch.message_types import (
    STATE_NUMBERS,
    AnnouncementMessage,
    DeploymentRequestMessage,
    DeploymentStatusMessage,
)
from fairway.domain.dispatch.requests import DeploymentRequest, RepositoryName
from fairway.domain.dispatch.statuses import Announcement, DeploymentStatus, ReportedState
from fairway.domain.dispatch.structs import NotJson, Unsendable, fill, plain
from fairway.domain.errors import Terminal

__all__ = [
    "Unreadable",
    "Unsendable",
    "decode_announcement",
    "decode_request",
    "decode_status",
    "encode_announcement",
    "encode_request",
    "encode_status",
]

_STATES = {number: ReportedState(name) for name, number in STATE_NUMBERS.items()}


class Unreadable(Terminal):
    """Bytes that are not a whole message of the kind that was expected."""


def encode_request(request: DeploymentRequest) -> bytes:
    """Raises `Unsendable` for a value that would arrive as another one, with its place."""
    message = DeploymentRequestMessage()
    try:
        _fill_deployment(message.deployment, request.repository, request.deployment_id)
        message.timestamp = _seconds(request.at)
        message.deadline = _seconds(request.deadline)
        message.cluster = request.cluster
        message.deliveryID = request.delivery_id
        message.payloadSpec.version.extend(request.version)
        message.payloadSpec.team = request.team
    except (TypeError, ValueError) as error:
        raise _unsendable("request", request.delivery_id, error) from None
    resources = message.payloadSpec.kubernetes.resources
    for index, resource in enumerate(request.resources):
        fill(resources.add(), resource, f"resources[{index}]")
    encoded: bytes = message.SerializeToString()
    return encoded


def decode_request(data: bytes) -> DeploymentRequest:
    """Raises `Unreadable`. A team or resources may be missing: who carries it out says so in the status."""
    message = _parsed(DeploymentRequestMessage, data, "request")
    _need(message, "request", "deliveryID", "cluster", "timestamp", "deadline")
    payload = message.payloadSpec
    if len(payload.version) != 3:
        raise Unreadable(f"a request of delivery {message.deliveryID} without a version of three numbers")
    major, minor, patch = payload.version
    try:
        resources = tuple(plain(resource) for resource in payload.kubernetes.resources)
    except NotJson as error:
        raise Unreadable(f"a request of delivery {message.deliveryID}: {error}") from None
    return DeploymentRequest(
        delivery_id=message.deliveryID,
        repository=_repository(message.deployment),
        deployment_id=message.deployment.deploymentID,
        cluster=message.cluster,
        team=payload.team,
        resources=resources,
        at=_time(message.timestamp),
        deadline=_time(message.deadline),
        version=(major, minor, patch),
    )


def encode_status(status: DeploymentStatus) -> bytes:
    message = DeploymentStatusMessage()
    try:
        _fill_deployment(message.deployment, status.repository, status.deployment_id)
        message.state = STATE_NUMBERS[status.state.value]
        message.description = _text(status.description)
        message.deliveryID = status.delivery_id
        message.team = status.team
        message.cluster = status.cluster
        message.timestamp = _seconds(status.at)
        message.detail = _text(status.detail)
    except (TypeError, ValueError) as error:
        raise _unsendable("status", status.delivery_id, error) from None
    encoded: bytes = message.SerializeToString()
    return encoded


def decode_status(data: bytes) -> DeploymentStatus:
    """Raises `Unreadable`, also for a state that we have no word for: a guess would be told to people as the truth."""
    message = _parsed(DeploymentStatusMessage, data, "status")
    _need(message, "status", "deliveryID", "cluster", "timestamp")
    state = _STATES.get(message.state)
    if state is None:
        raise Unreadable(f"a status of delivery {message.deliveryID} with the unknown state {message.state}")
    return DeploymentStatus(
        delivery_id=message.deliveryID,
        repository=_repository(message.deployment),
        deployment_id=message.deployment.deploymentID,
        state=state,
        description=message.description,
        team=message.team,
        cluster=message.cluster,
        at=_time(message.timestamp),
        detail=message.detail,
    )


def encode_announcement(announcement: Announcement) -> bytes:
    message = AnnouncementMessage()
    try:
        message.cluster = announcement.cluster
        message.instance = announcement.instance
        message.version = announcement.version
        message.timestamp = _seconds(announcement.at)
    except (TypeError, ValueError) as error:
        raise _unsendable("announcement", announcement.instance, error) from None
    encoded: bytes = message.SerializeToString()
    return encoded


def decode_announcement(data: bytes) -> Announcement:
    """Raises `Unreadable`."""
    message = _parsed(AnnouncementMessage, data, "announcement")
    _need(message, "announcement", "cluster", "instance", "timestamp")
    _be_plain(message, "announcement", "version")
    return Announcement(message.cluster, message.instance, message.version, _time(message.timestamp))


def _parsed(kind: Any, data: bytes, name: str) -> Any:
    try:
        return kind.FromString(data)
    except (DecodeError, ValueError) as error:
        raise Unreadable(f"{len(data)} bytes that are no {name}: {error}") from None


def _need(message: Any, name: str, *fields: str) -> None:
    missing = [field for field in fields if not getattr(message, field)]
    if missing:
        raise Unreadable(f"a {name} without {', '.join(missing)}")
    _be_plain(message, name, *fields)


def _be_plain(message: Any, name: str, *fields: str) -> None:
    """Names and ids are looked up and stored, and not every store takes every character."""
    for field in fields:
        if not str(getattr(message, field)).isprintable():
            raise Unreadable(f"a {name} with characters in {field} that nobody can read")


def _fill_deployment(message: Any, repository: RepositoryName, deployment_id: int) -> None:
    message.repository.owner = repository.owner
    message.repository.name = repository.name
    message.deploymentID = deployment_id


def _repository(message: Any) -> RepositoryName:
    return RepositoryName(message.repository.owner, message.repository.name)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise Unreadable(f"{seconds} seconds since 1970 is no time") from None


def _text(text: str) -> str:
    """What programs say may hold halves of characters; a report is not lost for them."""
    return text.encode("utf-8", "replace").decode()


def _unsendable(name: str, which: str, error: Exception) -> Unsendable:
    return Unsendable(f"a {name} of {which!a} has no form as a message: {error!s}".encode("ascii", "replace").decode())
