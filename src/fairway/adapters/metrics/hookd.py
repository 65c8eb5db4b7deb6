"""What hookd counts, as Prometheus scrapes it.

The first four names are those of the hookd before ours, without the ending `_total` that a Counter would add; hence
gauges that only grow. The rule not to break: names and labels are a contract; docs/spec/metrics.md has a row for each.
"""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fairway.domain.deployments.status import State
from fairway.domain.dispatch.tracking import Tracked

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)


class PrometheusHookdMetrics:
    """Implements `services.hookd.metrics.HookdMetrics`; to be made once per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._webhooks = Gauge(
            "deployment_hookd_webhook_requests",
            "Deliveries of webhooks by what they were answered, since the start",
            ["status_code"],
            registry=registry,
        )
        self._statuses = Gauge(
            "deployment_hookd_github_status",
            "Statuses told GitHub, since the start",
            ["status_code", "deployment_state", "repository", "team", "cluster"],
            registry=registry,
        )
        self._queue = Gauge("deployment_hookd_queue_size", "Deployments without an outcome", registry=registry)
        self._lead = Histogram(
            "deployment_hookd_lead_time_seconds",
            "From accepting a deployment to its success",
            buckets=_SECONDS,
            registry=registry,
        )
        self._rejected = Counter(
            "deployment_hookd_messages_rejected",
            "Messages of the queue that were passed over",
            ["topic", "reason"],
            registry=registry,
        )

    def webhook(self, code: int) -> None:
        self._webhooks.labels(str(code)).inc()

    def github_status(self, tracked: Tracked, state: State, code: str) -> None:
        self._statuses.labels(code, state.value, str(tracked.repository), tracked.team, tracked.cluster).inc()

    def rejected(self, topic: str, reason: str) -> None:
        self._rejected.labels(topic, reason).inc()

    def in_flight(self, number: int) -> None:
        self._queue.set(number)

    def lead_time(self, length: timedelta) -> None:
        self._lead.observe(length.total_seconds())
