"""What hookd and deployd need of a queue: topics that every group reads from the start, at its own pace.

Messages come at least once; who reads them remembers what he has done. Bodies are sealed (`domain.dispatch.sealing`)
before they get here. Errors: Transient while the queue is away, NotTaken for a message that it never takes, any other
UserError for what somebody has to set right.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from fairway.domain.dispatch.messages import Message, NotTaken, Received, Topic

__all__ = ["Message", "NotTaken", "Queue", "Received", "Subscription", "Topic"]


class Subscription(Protocol):
    """One group's reading of one topic."""

    async def fetch(self, most: int, *, timeout: float) -> list[Received]:
        """What comes next, in order by key: at least one message unless `timeout` seconds pass without any.

        Does not give a message twice to one subscription; one that was not settled comes again to the group's next.
        Raises Transient while the queue is away; calling again goes on where it was.
        """
        ...

    async def settle(self, received: Sequence[Received]) -> None:
        """They are done with, in any order; durable when it returns. A crash brings back what was not settled, and
        may bring back settled ones that came after an unsettled one."""
        ...

    async def lag(self) -> int:
        """Messages stored in the topic that this subscription has not fetched yet. Raises Transient, never guesses."""
        ...


class Queue(Protocol):
    """Implementations: memory, the ledger's database, Kafka."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """All of them are stored when it returns. After an error some may be stored: publishing again is right."""
        ...

    def subscribe(
        self, topic: Topic, group: str, *, from_start: bool = True
    ) -> AbstractAsyncContextManager[Subscription]:
        """A group that is new begins with the oldest message that is kept, or else with what comes from now on.

        Getting in raises Transient only for the latter; else `fetch` does while the queue is away, and begins after it.
        Two subscriptions of one group at the same time each get what the group has not settled.
        """
        ...

    async def check(self) -> None:
        """Raises what stands in the way of using it; makes topics that are missing where it is allowed to."""
        ...

    async def aclose(self) -> None: ...
