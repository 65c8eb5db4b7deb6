"""What deployd counts, as Prometheus reads it; the docs have a row for each."""

from __future__ import annotations

import inspect
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from fairway.adapters.metrics.deployd import DeploydRegistry
from fairway.services.deployd.metrics import DeploydMetrics, NoDeploydMetrics

PAGE = Path(__file__).parents[4] / "docs" / "spec" / "metrics.md"


def everything(metrics: DeploydMetrics) -> None:
    for state in ("success", "success", "failure", "error", "inactive"):
        metrics.ended(state, 1.5)
    metrics.ignored()
    metrics.rejected("not_ours")
    metrics.applied(3)
    metrics.phase("checked", 0.2)
    metrics.open(4)
    metrics.lag(5)
    metrics.unreported(6)


def samples(registry: CollectorRegistry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_every_count_is_on_the_page_under_its_own_name() -> None:
    registry = CollectorRegistry()
    everything(DeploydRegistry(registry).of("dev"))
    found = samples(registry)
    dev = (("cluster", "dev"),)
    expected = {
        "deploy_successful": 2,
        "deploy_failed": 2,
        "deploy_ignored": 1,
        "deploy_superseded": 1,
        "kubernetes_resources": 3,
        "deploy_open": 4,
        "queue_lag": 5,
        "reports_waiting": 6,
    }
    assert {name: found[f"deployment_deployd_{name}", dev] for name in expected} == expected
    assert found["deployment_deployd_messages_rejected_total", (*dev, ("reason", "not_ours"))] == 1
    assert found["deployment_deployd_deploy_seconds_count", (*dev, ("state", "success"))] == 2
    assert found["deployment_deployd_phase_seconds_sum", (*dev, ("phase", "checked"))] == 0.2


def test_clusters_of_one_process_are_told_apart() -> None:
    registry = CollectorRegistry()
    all_of_them = DeploydRegistry(registry)
    all_of_them.of("dev").ignored()
    all_of_them.of("prod")
    found = samples(registry)
    assert found["deployment_deployd_deploy_ignored", (("cluster", "dev"),)] == 1
    assert found["deployment_deployd_deploy_ignored", (("cluster", "prod"),)] == 0


def test_whoever_does_not_count_can_be_told_everything() -> None:
    everything(NoDeploydMetrics())
    told = {name for name, _ in inspect.getmembers(DeploydMetrics, inspect.isfunction) if not name.startswith("_")}
    assert told == {name for name, _ in inspect.getmembers(NoDeploydMetrics, inspect.isfunction) if name[0] != "_"}


def test_the_page_has_a_row_for_each() -> None:
    registry = CollectorRegistry()
    everything(DeploydRegistry(registry).of("dev"))
    page = PAGE.read_text(encoding="utf-8")
    names = {family.name for family in registry.collect()}
    missing = {name for name in names if f"`{name}`" not in page and f"`{name}_total`" not in page}
    assert missing == set()
