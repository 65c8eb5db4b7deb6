"""How often something may happen, so that nobody can fill the ledger with it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

_MOST_NAMES = 10_000


class Allowance:
    """Each name may do it `most` times within `window`."""

    def __init__(
        self, now: Callable[[], datetime], *, most: int = 300, window: timedelta = timedelta(minutes=10)
    ) -> None:
        self._now = now
        self._most = most
        self._window = window
        self._times: OrderedDict[str, deque[datetime]] = OrderedDict()

    def take(self, name: str) -> bool:
        """Whether it may do it now; then it has."""
        now = self._now()
        times = self._times.setdefault(name, deque())
        self._times.move_to_end(name)
        if len(self._times) > _MOST_NAMES:
            self._times.popitem(last=False)
        while times and times[0] <= now - self._window:
            times.popleft()
        if len(times) >= self._most:
            return False
        times.append(now)
        return True
