"""What a queue carries: sealed bytes under a topic and a key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fairway.domain.errors import UserError


class Topic(StrEnum):
    """Roles; a queue maps them to its own names."""

    REQUESTS = "deploymentRequest"
    STATUSES = "deploymentStatus"
    ANNOUNCEMENTS = "deploymentAnnouncement"


@dataclass(frozen=True, slots=True)
class Message:
    """`key`: messages of one key keep their order."""

    topic: Topic
    key: str
    body: bytes


class NotTaken(UserError):
    """The queue works, and never takes this very message."""


@dataclass(frozen=True, slots=True)
class Received:
    """`token` is the queue's own, to settle it."""

    topic: Topic
    key: str
    body: bytes
    token: object
