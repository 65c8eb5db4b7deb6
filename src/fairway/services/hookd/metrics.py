"""What hookd counts. `NoMetrics` is for those who don't want to know."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from fairway.domain.deployments.status import State
from fairway.services.hookd.ports import Tracked


class HookdMetrics(Protocol):
    """Implementation: `adapters.metrics.hookd`."""

    def webhook(self, code: int) -> None:
        """A delivery was answered."""
        ...

    def github_status(self, tracked: Tracked, state: State, code: str) -> None:
        """GitHub was told a state, or could not be: `201`, `transient`, `failed`."""
        ...

    def rejected(self, topic: str, reason: str) -> None:
        """A message of the queue was passed over: `not_ours` or `unreadable`."""
        ...

    def in_flight(self, number: int) -> None:
        """So many deployments have no outcome yet."""
        ...

    def lead_time(self, length: timedelta) -> None:
        """A deployment succeeded so long after it was accepted."""
        ...


class NoMetrics:
    def webhook(self, code: int) -> None:
        return

    def github_status(self, tracked: Tracked, state: State, code: str) -> None:
        return

    def rejected(self, topic: str, reason: str) -> None:
        return

    def in_flight(self, number: int) -> None:
        return

    def lead_time(self, length: timedelta) -> None:
        return
