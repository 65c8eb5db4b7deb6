"""Counts as Prometheus scrapes them, in a registry of their own.

The rule not to break: names and labels are a contract; docs/spec/metrics.md has a row for each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)


class PrometheusMetrics:
    """Implements `services.intake.metrics.Metrics`. `process`: also CPU seconds, memory and files of this process."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, version: str = "", *, process: bool = True) -> None:
        own = self.registry = CollectorRegistry()
        if process:
            ProcessCollector(registry=own)
            PlatformCollector(registry=own)
        Gauge("fairway_info", "1, with the version of Fairway", ["version"], registry=own).labels(version).set(1)
        self._reconciled = Histogram(
            "fairway_reconcile_duration_seconds",
            "Passes over an environment",
            ["environment", "result"],
            buckets=_SECONDS,
            registry=own,
        )
        self._last = Gauge(
            "fairway_reconcile_last_timestamp_seconds",
            "When the last pass over an environment ended",
            ["environment", "result"],
            registry=own,
        )
        self._releases = Counter(
            "fairway_releases", "Releases by how they ended in a pass", ["environment", "outcome"], registry=own
        )
        self._fetched = Histogram(
            "fairway_git_fetch_duration_seconds",
            "Fetches of the deployments repository",
            ["result"],
            buckets=_SECONDS,
            registry=own,
        )
        self._upgrades = Counter("fairway_upgrades", "Upgrades written to Git", ["result"], registry=own)
        self._drift = Counter(
            "fairway_drift_objects", "Objects found different from Git", ["environment", "kind"], registry=own
        )
        self._leading = Gauge("fairway_leading", "1 when this process is the one that acts", registry=own)
        self._away = Gauge("fairway_source_away", "1 while it does not answer", ["source"], registry=own)
        self._known_away: set[str] = set()
        self._webhooks = Counter("fairway_webhooks", "Deliveries of webhooks", ["kind", "result"], registry=own)
        self._notifications = Counter(
            "fairway_notifications", "Attempts to tell somebody", ["channel", "result"], registry=own
        )

    def page(self) -> bytes:
        """Everything, in the text format of `content_type`."""
        return generate_latest(self.registry)

    def reconciled(self, environment: str, result: str, seconds: float) -> None:
        self._reconciled.labels(environment, result).observe(seconds)
        self._last.labels(environment, result).set_to_current_time()

    def releases(self, environment: str, outcomes: Mapping[str, int]) -> None:
        for outcome, count in outcomes.items():
            self._releases.labels(environment, outcome).inc(count)

    def fetched(self, ok: bool, seconds: float) -> None:
        self._fetched.labels(_result(ok)).observe(seconds)

    def upgrades(self, written: int, failed: int) -> None:
        self._upgrades.labels(_result(True)).inc(written)
        self._upgrades.labels(_result(False)).inc(failed)

    def drift(self, environment: str, kind: str, count: int) -> None:
        self._drift.labels(environment, kind).inc(count)

    def leading(self, leads: bool) -> None:
        self._leading.set(1 if leads else 0)

    def away(self, sources: Collection[str]) -> None:
        self._known_away.update(sources)
        for source in self._known_away:
            self._away.labels(source).set(1 if source in sources else 0)

    def webhook(self, kind: str, result: str) -> None:
        self._webhooks.labels(kind, result).inc()

    def notification(self, channel: str, ok: bool) -> None:
        self._notifications.labels(channel, _result(ok)).inc()


def _result(ok: bool) -> str:
    return "success" if ok else "failure"
