"""What hookd counts, as Prometheus reads it; the docs have a row for each."""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.hookd import a_request

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.adapters.metrics.hookd import PrometheusHookdMetrics
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.tracking import Tracked
from fairway.services.hookd.metrics import HookdMetrics, NoMetrics

PAGE = Path(__file__).parents[4] / "docs" / "spec" / "metrics.md"


async def a_tracked() -> Tracked:
    store = MemoryRequestStore(MemoryLedger())
    await store.add([a_request(1)])
    [found] = await store.find()
    return found


def everything(metrics: HookdMetrics, tracked: Tracked) -> None:
    metrics.webhook(201)
    metrics.webhook(201)
    metrics.webhook(403)
    metrics.github_status(tracked, State.SUCCESS, "201")
    metrics.rejected("deploymentStatus", "not_ours")
    metrics.in_flight(7)
    metrics.lead_time(timedelta(seconds=3))


async def test_every_count_is_on_the_page_under_its_own_name() -> None:
    registry = CollectorRegistry()
    everything(PrometheusHookdMetrics(registry), await a_tracked())
    families = text_string_to_metric_families(generate_latest(registry).decode())
    found = {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}
    told = {
        "status_code": "201",
        "deployment_state": "success",
        "repository": "navikt/web",
        "team": "aura",
        "cluster": "dev-fss",
    }
    rejected = (("reason", "not_ours"), ("topic", "deploymentStatus"))
    assert found["deployment_hookd_webhook_requests", (("status_code", "201"),)] == 2
    assert found["deployment_hookd_webhook_requests", (("status_code", "403"),)] == 1
    assert found["deployment_hookd_github_status", tuple(sorted(told.items()))] == 1
    assert found["deployment_hookd_queue_size", ()] == 7
    assert found["deployment_hookd_lead_time_seconds_sum", ()] == 3
    assert found["deployment_hookd_messages_rejected_total", rejected] == 1


async def test_each_metric_has_its_row() -> None:
    registry = CollectorRegistry()
    everything(PrometheusHookdMetrics(registry), await a_tracked())
    rows = PAGE.read_text()
    for family in registry.collect():
        assert f"| `{family.name}" in rows, family.name


async def test_whoever_counts_nothing_takes_all_that_is_counted() -> None:
    everything(NoMetrics(), await a_tracked())
    counted = {name for name, _ in inspect.getmembers(HookdMetrics, inspect.isfunction) if not name.startswith("_")}
    assert counted == {name for name in dir(PrometheusHookdMetrics) if not name.startswith("_")}
    assert counted <= {name for name in dir(NoMetrics) if not name.startswith("_")}
