"""How far a group is, when it settles in another order than it reads.

The rule not to break: a position never passes a message that was not settled.
"""

from __future__ import annotations

from collections import deque


class Settled:
    """Of a log whose places have no gaps: everything before `position`, and single places beyond it."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._beyond: set[int] = set()

    def add(self, place: int) -> None:
        if place >= self.position:
            self._beyond.add(place)
        while self.position in self._beyond:
            self._beyond.remove(self.position)
            self.position += 1

    def __contains__(self, place: int) -> bool:
        return place < self.position or place in self._beyond


class InFlight:
    """Of a log whose places may have gaps: those that were read, in their order, until they are settled."""

    def __init__(self, position: int) -> None:
        self.position = position
        """Where a reader goes on who knows nothing of what is in flight."""
        self._read: deque[int] = deque()
        self._flying: set[int] = set()

    def read(self, place: int) -> None:
        self._read.append(place)
        self._flying.add(place)

    def settle(self, place: int) -> bool:
        """Whether the position moved. A place that is not in flight changes nothing."""
        self._flying.discard(place)
        before = self.position
        while self._read and self._read[0] not in self._flying:
            self.position = self._read.popleft() + 1
        return self.position != before
