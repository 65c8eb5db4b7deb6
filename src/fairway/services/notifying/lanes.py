"""What waits for one receiver, in order and bounded: the rest of the program never waits for a slow channel."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import Happening
from fairway.domain.notifications.grouping import Group

ROOM = 1000
"""Events that may wait for one receiver; then the oldest of the least weight goes."""


@dataclass(slots=True)
class Lane:
    """One receiver: its events, and the task that sends them while there are any."""

    channel: str
    to: str
    waiting: deque[Happening] = field(default_factory=deque)
    groups: deque[Group] = field(default_factory=deque)
    """Taken from what waits, and not sent yet."""
    dropped: int = 0
    task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        return self.task is not None and not self.task.done()

    def add(self, event: Happening) -> None:
        self.waiting.append(event)
        if len(self.waiting) > ROOM:
            place = next((n for n, one in enumerate(self.waiting) if one.severity is Severity.INFO), 0)
            del self.waiting[place]
            self.dropped += 1

    def take(self) -> list[Happening]:
        """All that wait; the last one says how many had no room."""
        events = list(self.waiting)
        self.waiting.clear()
        if events and self.dropped:
            more = f"{self.dropped} more events had no room and were left out"
            events[-1] = replace(events[-1], lines=(*events[-1].lines, more))
            self.dropped = 0
        return events
