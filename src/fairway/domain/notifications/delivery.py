"""What is sent to whom, and what became of it: the records of the delivery log.

The rule not to break: no secret is in any of these; they are kept, listed and shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fairway.domain.errors import Transient
from fairway.domain.notifications.event import Happening


class TryLater(Transient):
    """The other side said when it wants to be asked again."""

    def __init__(self, message: str, after: timedelta) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True, slots=True)
class Message:
    """Events that go out together, for one receiver of one channel."""

    id: str
    channel: str
    to: str
    """Where inside of the channel: a Slack channel; empty: the channel's own."""
    events: tuple[Happening, ...]
    thread: str = ""
    """What later messages of the same deployment, or about the same commit, are joined by."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side answered; kept in the delivery log, masked."""

    answer: str
    reference: Mapping[str, str] = field(default_factory=dict)
    """What is needed to update or answer this message later (Slack: channel and ts); empty when neither can be."""


class DeliveryState(StrEnum):
    WAITING = "waiting"
    """Being sent, or to be tried again; left so when the process died."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up: `fairway notifications resend`."""


@dataclass(frozen=True, slots=True)
class Attempt:
    at: datetime
    ok: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message in the delivery log, with every attempt at it."""

    id: str
    """That of the message."""
    channel: str
    to: str
    at: datetime
    state: DeliveryState
    payload: str
    """What was sent, masked."""
    events: tuple[Happening, ...]
    attempts: tuple[Attempt, ...] = ()
    reference: Mapping[str, str] = field(default_factory=dict)
    thread: str = ""
    repeats: str = ""
    """The delivery that this one sends once more."""

    @property
    def answer(self) -> str:
        """The last thing that the other side said."""
        return self.attempts[-1].answer if self.attempts else ""


@dataclass(frozen=True, slots=True)
class DeliveryQuery:
    """All conditions hold together; an empty one does not restrict. Newest first."""

    channel: str = ""
    states: frozenset[DeliveryState] = frozenset()
    before: str = ""
    limit: int = 20
