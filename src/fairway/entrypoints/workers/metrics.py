"""The metrics page of a process, whatever parts it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from fairway.adapters.metrics.deployd import DeploydRegistry, PrometheusDeploydMetrics
    from fairway.adapters.metrics.hookd import PrometheusHookdMetrics
    from fairway.adapters.metrics.prometheus import PrometheusMetrics


class ProcessMetrics:
    """One registry: of the process itself, and of the parts that ask for theirs."""

    def __init__(self) -> None:
        from fairway.wiring.web import prometheus_metrics

        self.common: PrometheusMetrics = prometheus_metrics()
        self._deployd: DeploydRegistry | None = None

    @property
    def registry(self) -> CollectorRegistry:
        return self.common.registry

    def deployd(self, cluster: str) -> PrometheusDeploydMetrics:
        """Of one cluster; several share their names."""
        from fairway.wiring.deployd import deployd_registry

        if self._deployd is None:
            self._deployd = deployd_registry(self.registry)
        return self._deployd.of(cluster)

    def hookd(self) -> PrometheusHookdMetrics:
        """To be called once."""
        from fairway.adapters.metrics.hookd import PrometheusHookdMetrics

        return PrometheusHookdMetrics(self.registry)

    def page(self) -> tuple[bytes, str]:
        return self.common.page(), self.common.content_type
