"""What was heard a moment ago, so that it is not heard twice.

The rule not to break: memory is bounded; what is forgotten costs a look too many, never one too few.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta

MOST = 10_000
FOR = timedelta(minutes=10)


class Recent:
    """The last value of each key, for a while."""

    def __init__(self, most: int = MOST, length: timedelta = FOR) -> None:
        self._most = most
        self._length = length
        self._seen: dict[Hashable, tuple[datetime, str]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def repeated(self, key: Hashable, value: str, now: datetime) -> bool:
        """Whether this key's last value was this one, and first heard not long ago; from now on it is the last."""
        before = self._seen.get(key)
        if before is not None and before[1] == value and now - before[0] < self._length:
            return True
        self._seen.pop(key, None)
        self._seen[key] = (now, value)
        if len(self._seen) > self._most:
            del self._seen[next(iter(self._seen))]
        return False
