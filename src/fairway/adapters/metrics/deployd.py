"""What deployd instances count, as Prometheus scrapes it; several clusters of one process share the metrics.

The first four names are those of the deployd before ours, without the ending `_total` that a Counter would add; hence
gauges that only grow. The rule not to break: names and labels are a contract; docs/spec/metrics.md has a row for each.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_PHASE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class DeploydRegistry:
    """The metrics of a process, to be made once; `of` gives those of one cluster."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"deployment_deployd_{name}", text, ["cluster"], registry=registry)

        self.successful = gauge("deploy_successful", "Deployments that became healthy, since the start")
        self.failed = gauge("deploy_failed", "Deployments that ended as failure or error, since the start")
        self.ignored = gauge("deploy_ignored", "Requests for other clusters, since the start")
        self.resources = gauge("kubernetes_resources", "Resources applied, since the start")
        self.superseded = gauge("deploy_superseded", "Deployments whose place a newer one took, since the start")
        self.open = gauge("deploy_open", "Deployments under way now")
        self.lag = gauge("queue_lag", "Messages of the queue that were not looked at yet")
        self.unreported = gauge("reports_waiting", "Reports that the queue does not have yet")
        self.rejected = Counter(
            "deployment_deployd_messages_rejected",
            "Messages that were passed over",
            ["cluster", "reason"],
            registry=registry,
        )
        self.seconds = Histogram(
            "deployment_deployd_deploy_seconds",
            "From taking a request to its outcome",
            ["cluster", "state"],
            buckets=_PHASE_SECONDS,
            registry=registry,
        )
        self.phases = Histogram(
            "deployment_deployd_phase_seconds",
            "Parts of a deployment",
            ["cluster", "phase"],
            buckets=_PHASE_SECONDS,
            registry=registry,
        )

    def of(self, cluster: str) -> PrometheusDeploydMetrics:
        return PrometheusDeploydMetrics(self, cluster)


class PrometheusDeploydMetrics:
    """Implements `services.deployd.metrics.DeploydMetrics` for one cluster."""

    def __init__(self, registry: DeploydRegistry, cluster: str) -> None:
        self._all = registry
        self._cluster = cluster
        for one in (registry.successful, registry.failed, registry.ignored, registry.resources, registry.superseded):
            one.labels(cluster)

    def ended(self, state: str, seconds: float) -> None:
        ends = {"success": self._all.successful, "inactive": self._all.superseded}
        ends.get(state, self._all.failed).labels(self._cluster).inc()
        self._all.seconds.labels(self._cluster, state).observe(seconds)

    def ignored(self) -> None:
        self._all.ignored.labels(self._cluster).inc()

    def rejected(self, reason: str) -> None:
        self._all.rejected.labels(self._cluster, reason).inc()

    def applied(self, objects: int) -> None:
        self._all.resources.labels(self._cluster).inc(objects)

    def phase(self, name: str, seconds: float) -> None:
        self._all.phases.labels(self._cluster, name).observe(seconds)

    def open(self, requests: int) -> None:
        self._all.open.labels(self._cluster).set(requests)

    def lag(self, messages: int) -> None:
        self._all.lag.labels(self._cluster).set(messages)

    def unreported(self, statuses: int) -> None:
        self._all.unreported.labels(self._cluster).set(statuses)
