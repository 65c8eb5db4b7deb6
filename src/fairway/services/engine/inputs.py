"""Everything that a release is made from, and the digest that tells whether any of it changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from fairway.domain.charts.contents import asks_of_values
from fairway.domain.charts.rendering import Capabilities, ChartSource
from fairway.domain.releases.notes import digest_of, inputs_digest
from fairway.domain.repository.models import Environment, Release

ENGINE = "1"
"""Raise it when the same inputs give other objects: every release is then rendered anew once."""


@dataclass(frozen=True, slots=True)
class PlainFile:
    """One of a release's `resourceFiles`; `name` is its path relative to the repository, for `# Source:`."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ReleaseInputs:
    """A declared release with its chart fetched and its values resolved."""

    environment: Environment
    release: Release
    values: Mapping[str, Any]
    """What the user sets, merged; the chart's own defaults come with the chart."""
    parts: Mapping[str, str]
    """Name of each input → short digest."""
    digest: str
    chart: ChartSource | None = None
    files: tuple[PlainFile, ...] = ()

    @property
    def provable(self) -> bool:
        """False when equal digests prove nothing, because the chart looks into the cluster while rendering."""
        return self.chart is None or not self.chart.uses_lookup


def gather(
    environment: Environment,
    release: Release,
    *,
    values: Mapping[str, Any],
    chart: ChartSource | None,
    files: tuple[PlainFile, ...],
    capabilities: Capabilities,
) -> ReleaseInputs:
    """Put the inputs together and digest them."""
    parts: dict[str, str] = {"engine": ENGINE, "namespace": environment.namespace, "values": digest_of(values)}
    if chart is not None:
        asks = asks_of_values(values)
        chart = replace(
            chart,
            uses_lookup=chart.uses_lookup or "lookup" in asks,
            uses_capabilities=chart.uses_capabilities or "capabilities" in asks,
        )
        parts["chart"] = chart.digest
        if chart.uses_capabilities:
            parts["cluster"] = capabilities_digest(capabilities)
    for file in files:
        parts[f"file {file.name}"] = hashlib.sha256(file.text.encode()).hexdigest()[:16]
    if release.patches:
        parts["patches"] = digest_of(
            [
                [p.kind, p.body, p.target_kind, p.target_name, p.target_namespace, dict(p.target_labels)]
                for p in release.patches
            ]
        )
    if release.labels:
        parts["labels"] = digest_of(dict(release.labels))
    if release.policy.drift_ignore:
        parts["ignore rules"] = digest_of([asdict(rule) for rule in release.policy.drift_ignore])
    return ReleaseInputs(environment, release, values, parts, inputs_digest(parts), chart, files)


def refreshed(inputs: ReleaseInputs, capabilities: Capabilities) -> ReleaseInputs:
    """The same inputs on a cluster that has learned new kinds meanwhile."""
    return gather(
        inputs.environment,
        inputs.release,
        values=inputs.values,
        chart=inputs.chart,
        files=inputs.files,
        capabilities=capabilities,
    )


@lru_cache(maxsize=8)
def capabilities_digest(capabilities: Capabilities) -> str:
    """Digest of the cluster's version and API set."""
    return digest_of([capabilities.kube_version, list(capabilities.api_versions)])
