"""The only package that knows services and concrete adapters; one file per thing that is put together."""

from fairway.wiring.charts import chart_fetchers, chart_service
from fairway.wiring.clusters import cluster_access, dev_clusters, import_ports, init_ports
from fairway.wiring.engine import (
    begin_run,
    change_log,
    open_environment,
    open_records,
    open_rendering,
    repository_source,
)
from fairway.wiring.forges import forge_at, open_forge, running_pipeline
from fairway.wiring.ledger import ledger, ledger_itself, ledger_report, ledger_spool, migrate_ledger, recorder
from fairway.wiring.upgrades import image_registry, open_upgrades
from fairway.wiring.values import open_values, release_values
from fairway.wiring.web import prometheus_metrics, webhook_intake

__all__ = [
    "begin_run",
    "change_log",
    "chart_fetchers",
    "chart_service",
    "cluster_access",
    "dev_clusters",
    "forge_at",
    "image_registry",
    "import_ports",
    "init_ports",
    "ledger",
    "ledger_itself",
    "ledger_report",
    "ledger_spool",
    "migrate_ledger",
    "open_environment",
    "open_forge",
    "open_records",
    "open_rendering",
    "open_upgrades",
    "open_values",
    "prometheus_metrics",
    "recorder",
    "release_values",
    "repository_source",
    "running_pipeline",
    "webhook_intake",
]
