"""What notifying needs from outside: channels that take a message, and a log that remembers what was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from fairway.domain.notifications.event import Happening

Tell: TypeAlias = Callable[[Happening], None]
"""Takes an event and returns at once; never raises. Whoever has news is given one of these."""


def tell_nobody(_: Happening) -> None:
    """For those who don't want to know."""


@dataclass(frozen=True, slots=True)
class Message:
    """Events that go out together, for one receiver of one channel."""

    id: str
    channel: str
    to: str
    """Where inside of the channel: a Slack channel, an address; empty: the channel's own."""
    events: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side answered; kept in the delivery log, masked."""

    answer: str
    reference: Mapping[str, str]
    """What is needed to update or answer this message later (Slack: channel, ts)."""


class Channel(Protocol):
    """Errors: Transient (try again; `retry_after` in its `fix` when the other side says), Terminal, UserError."""

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        """What would be sent, as text, without secrets; `earlier` is the reference of the thread's first message."""
        ...

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the delivery log."""

    id: str
    message: str
    channel: str
    to: str
    at: datetime
    attempt: int
    ok: bool
    payload: str
    answer: str
    reference: Mapping[str, str]
    thread: str = ""
