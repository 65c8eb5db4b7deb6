"""What notifying needs from outside: channels that take a message, and a log that remembers what was sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol, TypeAlias

from fairway.domain.notifications.delivery import Delivery, DeliveryQuery, Message, Receipt
from fairway.domain.notifications.event import Happening

__all__ = ["Channel", "Delivery", "DeliveryLog", "DeliveryQuery", "Message", "Receipt", "Tell", "tell_nobody"]

Tell: TypeAlias = Callable[[Happening], None]
"""Takes an event and returns at once; never raises. Whoever has news is given one of these."""


def tell_nobody(_: Happening) -> None:
    """For those who don't want to know."""


class Channel(Protocol):
    """Errors: Transient (try again; `TryLater` when the other side says when), UserError and Terminal (never again)."""

    threads: bool
    """Whether messages can answer or change earlier ones: then each deployment has a message of its own."""
    addressed: bool
    """Whether a message can go to another place inside of the channel than its own (`Message.to`)."""

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        """What would be sent, as text, without secrets; `earlier` is the reference of the thread's first message."""
        ...

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        """Once. A message whose answer got lost may arrive twice when it is delivered again, with the same id."""
        ...

    async def aclose(self) -> None: ...


class DeliveryLog(Protocol):
    """Remembers what was sent. Unreachable is `Transient`."""

    async def save(self, delivery: Delivery) -> None:
        """Add it, or replace what was known of it."""
        ...

    async def find(self, query: DeliveryQuery) -> list[Delivery]: ...

    async def starting_with(self, prefix: str, *, limit: int) -> list[Delivery]:
        """Deliveries whose id starts so, oldest first."""
        ...

    async def references(self, channel: str, to: str, threads: Collection[str]) -> dict[str, Mapping[str, str]]:
        """For each of these threads that has one: the reference of its first message that arrived."""
        ...

    async def forget(self, before: datetime) -> int:
        """Drop what is older; how many that were."""
        ...

    async def close(self) -> None: ...
