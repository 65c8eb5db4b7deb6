"""What rendering a chart takes and gives, whichever engine does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.releases.revision import Hook


@dataclass(frozen=True, slots=True)
class ChartSource:
    """A chart ready to render: a folder or a `.tgz` on this machine, complete with its dependencies.

    `digest` is `sha256:<hex>` over the content (archive bytes, or the folder's files in name order).
    """

    name: str
    version: str
    path: str
    digest: str
    origin: str
    """As the user wrote it, for people: `dir ../charts/web`, `stable/redis 1.2.3`, `oci://…`."""
    uses_lookup: bool = False
    """True when a template (or a sub-chart's) calls `lookup`: its inputs digest then proves nothing."""
    kube_version: str = ""
    """The chart's constraint on the cluster's version; empty means any. See `metadata.check_kube_version`."""
    app_version: str = ""
    uses_capabilities: bool = True
    """False when no template reads `.Capabilities`: a new cluster version or CRD then can't change what it renders."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The target cluster as charts see it: `.Capabilities`."""

    kube_version: str
    """e.g. `v1.36.3`."""
    api_versions: tuple[str, ...]
    """Sorted, in both of Helm's forms: `apps/v1` and `apps/v1/Deployment`."""


@dataclass(frozen=True, slots=True)
class RenderRequest:
    chart: ChartSource
    values: Mapping[str, Any]
    """The user's values, merged; the chart's own defaults are added by the renderer."""
    name: str
    namespace: str
    revision: int
    is_upgrade: bool
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class CrdFile:
    """One file below a chart's `crds/`: never templated."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """`manifest` is Helm's: documents in install order, each opened by `---` and `# Source: path`."""

    manifest: str
    hooks: tuple[Hook, ...]
    notes: str
    crds: tuple[CrdFile, ...]
    chart: Mapping[str, Any]
    """The chart as Helm stores it in a record."""
