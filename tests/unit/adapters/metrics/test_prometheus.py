"""Counts as Prometheus reads them; the docs have a row for each."""

import inspect
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from fairway.adapters.metrics.prometheus import PrometheusMetrics
from fairway.services.intake import Metrics, NoMetrics

PAGE = Path(__file__).parents[4] / "docs" / "spec" / "metrics.md"


def everything(metrics: Metrics) -> None:
    metrics.reconciled("prod", "success", 1.5)
    metrics.releases("prod", {"upgraded": 2, "unchanged": 7})
    metrics.fetched(True, 0.2)
    metrics.fetched(False, 30)
    metrics.upgrades(3, 1)
    metrics.drift("prod", "corrected", 4)
    metrics.leading(True)
    metrics.away(["cluster eu-1"])
    metrics.webhook("github", "accepted")
    metrics.notification("team", False)


def samples(metrics: PrometheusMetrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.page().decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_every_count_is_on_the_page() -> None:
    metrics = PrometheusMetrics("1.2.3", process=False)
    everything(metrics)
    found = samples(metrics)
    assert found["fairway_info", (("version", "1.2.3"),)] == 1
    assert found["fairway_reconcile_duration_seconds_sum", (("environment", "prod"), ("result", "success"))] == 1.5
    assert found["fairway_reconcile_last_timestamp_seconds", (("environment", "prod"), ("result", "success"))] > 0
    assert found["fairway_releases_total", (("environment", "prod"), ("outcome", "unchanged"))] == 7
    assert found["fairway_git_fetch_duration_seconds_count", (("result", "failure"),)] == 1
    assert found["fairway_upgrades_total", (("result", "success"),)] == 3
    assert found["fairway_upgrades_total", (("result", "failure"),)] == 1
    assert found["fairway_drift_objects_total", (("environment", "prod"), ("kind", "corrected"))] == 4
    assert found["fairway_leading", ()] == 1
    assert found["fairway_webhooks_total", (("kind", "github"), ("result", "accepted"))] == 1
    assert found["fairway_notifications_total", (("channel", "team"), ("result", "failure"))] == 1
    metrics.leading(False)
    assert samples(metrics)["fairway_leading", ()] == 0


def test_what_answers_again_is_away_no_more() -> None:
    metrics = PrometheusMetrics("1", process=False)
    metrics.away(["cluster eu-1", "Git"])
    metrics.away(["Git"])
    found = samples(metrics)
    assert found["fairway_source_away", (("source", "Git"),)] == 1
    assert found["fairway_source_away", (("source", "cluster eu-1"),)] == 0


def test_every_metric_and_label_has_its_row_in_the_docs() -> None:
    metrics = PrometheusMetrics("1", process=False)
    everything(metrics)
    text = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(fairway_\w+)` \|(.*)$", text, re.MULTILINE))
    own = {
        family.name + ("_total" if family.type == "counter" else ""): {
            label for one in family.samples for label in one.labels
        }
        for family in text_string_to_metric_families(metrics.page().decode())
        if not family.name.endswith("_created")
    }
    assert set(rows) == set(own)
    assert [name for name, labels in own.items() if any(f"`{one}`" not in rows[name] for one in labels - {"le"})] == []


def test_two_processes_worth_of_counts_do_not_mix() -> None:
    one, other = PrometheusMetrics("1"), PrometheusMetrics("2")
    everything(one)
    assert b'kind="github"' not in other.page()
    assert b"process_cpu_seconds_total" in other.page()


def test_nobody_has_to_count() -> None:
    everything(NoMetrics())
    assert [name for name, _ in inspect.getmembers(Metrics, inspect.isfunction) if not hasattr(NoMetrics, name)] == []
