"""What every process says of itself, and the page that is made of a registry."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST


def process_registry(version: str) -> CollectorRegistry:
    """CPU seconds, memory and files of this process, and `fairway_info`; others add theirs."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    Gauge("fairway_info", "1, with the version of Fairway", ["version"], registry=registry).labels(version).set(1)
    return registry


def metrics_page(registry: CollectorRegistry) -> tuple[bytes, str]:
    """The page and its content type."""
    return generate_latest(registry), CONTENT_TYPE_LATEST
