"""What the agent counts. Names and labels as Prometheus shows them: docs/spec/metrics.md."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol


class Metrics(Protocol):
    """Counts and returns at once; never raises. Labels are names out of the repository, never free text."""

    def reconciled(self, environment: str, result: str, seconds: float) -> None:
        """One pass over an environment; `result` is `success`, `failure` or `refused`."""
        ...

    def releases(self, environment: str, outcomes: Mapping[str, int]) -> None:
        """How many releases ended how in a pass: the names of `domain.progress.Outcome` in lower case."""
        ...

    def fetched(self, ok: bool, seconds: float) -> None:
        """The deployments repository was asked."""
        ...

    def upgrades(self, written: int, failed: int) -> None:
        """Upgrades that got into Git, and those that did not."""
        ...

    def drift(self, environment: str, kind: str, count: int) -> None:
        """Objects found changed or deleted; `kind` is `corrected` or `reported`."""
        ...

    def leading(self, leads: bool) -> None:
        """Whether this process is the one that acts."""
        ...

    def away(self, sources: Collection[str]) -> None:
        """What does not answer now: `Git`, `cluster eu-1`; all others that were named before do."""
        ...

    def webhook(self, kind: str, result: str) -> None:
        """A delivery; `kind` is the endpoint (`github`, `harbor`, …), `result` `accepted`, `duplicate`, `ignored`,
        `malformed` or `refused`."""
        ...

    def notification(self, channel: str, ok: bool) -> None:
        """One attempt to tell somebody."""
        ...


class NoMetrics:
    """For those who don't count."""

    def reconciled(self, environment: str, result: str, seconds: float) -> None:
        pass

    def releases(self, environment: str, outcomes: Mapping[str, int]) -> None:
        pass

    def fetched(self, ok: bool, seconds: float) -> None:
        pass

    def upgrades(self, written: int, failed: int) -> None:
        pass

    def drift(self, environment: str, kind: str, count: int) -> None:
        pass

    def leading(self, leads: bool) -> None:
        pass

    def away(self, sources: Collection[str]) -> None:
        pass

    def webhook(self, kind: str, result: str) -> None:
        pass

    def notification(self, channel: str, ok: bool) -> None:
        pass
