"""The metrics page of a process, whatever parts it has.

The rule not to break: what a process does not do, it does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairway.adapters.metrics.deployd import DeploydRegistry, PrometheusDeploydMetrics
    from fairway.adapters.metrics.hookd import PrometheusHookdMetrics


class ProcessMetrics:
    """One registry: of the process itself, and of the parts that ask for theirs."""

    def __init__(self) -> None:
        from fairway import __version__
        from fairway.adapters.metrics.process import process_registry

        self._registry = process_registry(__version__)
        self._deployd: DeploydRegistry | None = None

    def deployd(self, cluster: str) -> PrometheusDeploydMetrics:
        """Of one cluster; several share their names."""
        from fairway.wiring.deployd import deployd_registry

        if self._deployd is None:
            self._deployd = deployd_registry(self._registry)
        return self._deployd.of(cluster)

    def hookd(self) -> PrometheusHookdMetrics:
        """To be called once."""
        from fairway.adapters.metrics.hookd import PrometheusHookdMetrics

        return PrometheusHookdMetrics(self._registry)

    def page(self) -> tuple[bytes, str]:
        from fairway.adapters.metrics.process import metrics_page

        return metrics_page(self._registry)
