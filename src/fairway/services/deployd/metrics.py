"""What a deployd counts. Names as Prometheus shows them: docs/spec/metrics.md."""

from __future__ import annotations

from typing import Protocol


class DeploydMetrics(Protocol):
    """Counts and returns at once; never raises."""

    def ended(self, state: str, seconds: float) -> None:
        """A request has its outcome, so long after it was taken: `success`, `failure`, `error` or `inactive`."""
        ...

    def ignored(self) -> None:
        """A request for another cluster."""
        ...

    def rejected(self, reason: str) -> None:
        """A message that was passed over: `not_ours` or `unreadable`."""
        ...

    def applied(self, objects: int) -> None:
        """Resources that Kubernetes has."""
        ...

    def phase(self, name: str, seconds: float) -> None:
        """How long a step of a request took: `queued` (from hookd to here), `checked`, `applied`, `watched`."""
        ...

    def open(self, requests: int) -> None:
        """How many are under way now."""
        ...

    def lag(self, messages: int) -> None:
        """How many messages of the queue were not looked at yet."""
        ...

    def unreported(self, statuses: int) -> None:
        """How many reports wait for the queue now."""
        ...


class NoDeploydMetrics:
    """For those who don't count."""

    def ended(self, state: str, seconds: float) -> None:
        pass

    def ignored(self) -> None:
        pass

    def rejected(self, reason: str) -> None:
        pass

    def applied(self, objects: int) -> None:
        pass

    def phase(self, name: str, seconds: float) -> None:
        pass

    def open(self, requests: int) -> None:
        pass

    def lag(self, messages: int) -> None:
        pass

    def unreported(self, statuses: int) -> None:
        pass
