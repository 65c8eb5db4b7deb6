"""One page of metrics for a process, whatever parts it has."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from fairway.entrypoints.workers.metrics import ProcessMetrics


def test_hookd_and_several_clusters_share_a_page_without_a_name_twice() -> None:
    metrics = ProcessMetrics()
    metrics.hookd().webhook(201)
    metrics.deployd("dev").ended("success", 1.0)
    metrics.deployd("prod").ended("failure", 2.0)
    page, content_type = metrics.page()
    assert content_type.startswith("text/plain")
    families = list(text_string_to_metric_families(page.decode()))
    assert len({one.name for one in families}) == len(families)
    values = {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}
    assert values["deployment_hookd_webhook_requests", ("201",)] == 1.0
    assert values["deployment_deployd_deploy_successful", ("dev",)] == 1.0
    assert values["deployment_deployd_deploy_successful", ("prod",)] == 0.0
    assert values["deployment_deployd_deploy_failed", ("prod",)] == 1.0
    assert any(name == "fairway_info" for name, _ in values)


def test_a_process_counts_nothing_that_it_does_not_do() -> None:
    metrics = ProcessMetrics()
    metrics.deployd("dev")
    page, _ = metrics.page()
    names = {one.name for one in text_string_to_metric_families(page.decode())}
    assert not {name for name in names if name.startswith(("deployment_hookd", "fairway_leading", "fairway_reconcile"))}
    assert {name for name in names if name.startswith("fairway_")} == {"fairway_info"}
