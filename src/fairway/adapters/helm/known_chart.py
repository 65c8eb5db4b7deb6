"""What stays the same between renders of one chart: computed once per digest, then shared by all its releases.

Everything here is read from a chart that was not rendered yet; what rendering changes (the metadata of dependencies,
imported values, the CRDs of disabled sub-charts) is read afterwards, and only from charts that have dependencies.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairway.adapters.helm.native import NativeChart
from fairway.adapters.helm.yaml_reader import YamlReader
from fairway.domain.charts.archive import read_archive
from fairway.domain.charts.metadata import check_kube_version
from fairway.domain.charts.rendering import Capabilities, ChartSource, CrdFile
from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.rendered import NOTES
from fairway.domain.releases.stored_chart import StoredChart, to_json

_REPLACEMENT = "\ufffd"


@dataclass(slots=True)
class KnownChart:
    """`payload` is the chart as recorded, `None` fields of a record left out as Helm leaves them out."""

    name: str
    kind: str
    kube_version: str
    missing: tuple[str, ...]
    has_dependencies: bool
    has_notes: bool
    payload: StoredChart
    crds: tuple[CrdFile, ...]
    seconds: float = 0.0
    """How long the last render took: decides whether the next one may run in the event loop."""
    _variants: dict[bytes, StoredChart] = field(default_factory=dict)

    def payload_after(self, chart: NativeChart) -> StoredChart:
        """The payload with what this render changed; equal outcomes share one object."""
        if not self.has_dependencies:
            return self.payload
        changed = {"metadata": chart.metadata, "values": chart.values}
        key = to_json(changed)
        if key not in self._variants:
            if len(self._variants) >= 64:
                self._variants.clear()
            self._variants[key] = StoredChart({**self.payload, **changed})
        return self._variants[key]

    def crds_after(self, chart: NativeChart) -> tuple[CrdFile, ...]:
        return crd_files(chart) if self.has_dependencies and self.crds else self.crds


def know(source: ChartSource) -> KnownChart:
    """Load the chart once and take what renders share. Raises UserError when it is no chart."""
    with NativeChart(source.path, source.origin) as chart:
        metadata = chart.metadata
        declared = [str(item.get("name")) for item in metadata.get("dependencies") or ()]
        present = {str(item.get("name")) for item in chart.subcharts}
        return KnownChart(
            name=str(metadata.get("name", "")),
            kind=str(metadata.get("type", "")),
            kube_version=str(metadata.get("kubeVersion", "")),
            missing=tuple(name for name in dict.fromkeys(declared) if name not in present),
            has_dependencies=bool(declared or present),
            has_notes=any(template["name"] == f"templates/{NOTES}" for template in chart.templates),
            payload=StoredChart(_payload(chart, metadata, _Raw(source))),
            crds=crd_files(chart),
        )


def crd_files(chart: NativeChart) -> tuple[CrdFile, ...]:
    return sort_crds(CrdFile(crd["filename"], crd["data"]) for crd in chart.crds)


def sort_crds(files: Iterable[CrdFile]) -> tuple[CrdFile, ...]:
    """Each chart's own CRDs by path, a parent's before its sub-charts'.

    Helm itself visits sub-charts in random order; ours is fixed, so that equal input gives equal output.
    """
    return tuple(sorted(files, key=lambda file: (_owner(file.path), file.path)))


def _owner(path: str) -> list[str]:
    segments = path.split("/charts/")
    return [*segments[:-1], segments[-1].split("/", 1)[0]]


def _payload(chart: NativeChart, metadata: Mapping[str, Any], raw: _Raw) -> dict[str, Any]:
    payload = {
        "metadata": metadata,
        "lock": _lock(raw),
        "templates": [_stored_file(file, raw) for file in chart.templates],
        "values": chart.values,
        "schema": _base64(raw.read("values.schema.json") or b"") if chart.has_schema else "",
        "files": [_stored_file(file, raw) for file in chart.files],
    }
    # Helm writes null, not an empty value, for what a chart does not have.
    return {key: value or None for key, value in payload.items()}


def _stored_file(file: Mapping[str, str], raw: _Raw) -> dict[str, str]:
    data = file["data"].encode()
    if _REPLACEMENT in file["data"]:
        data = raw.read(file["name"]) or data
    return {"name": file["name"], "data": _base64(data)}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _lock(raw: _Raw) -> dict[str, Any] | None:
    """Chart.lock (v1 charts: requirements.lock); the SDK has refused one whose time Go cannot read."""
    text = raw.read("Chart.lock") or raw.read("requirements.lock")
    if not text:
        return None
    lock = YamlReader().read(text.decode())
    return {
        "generated": lock.get("generated") or "0001-01-01T00:00:00Z",
        "digest": lock.get("digest") or "",
        "dependencies": lock.get("dependencies"),
    }


class _Raw:
    """A chart's files as bytes: what the SDK does not give, or gives only as text."""

    def __init__(self, source: ChartSource) -> None:
        self._source = source
        self._archive: Mapping[str, bytes] | None = None

    def read(self, name: str) -> bytes | None:
        root = Path(self._source.path)
        if root.is_dir():
            file = root / name
            return file.read_bytes() if file.is_file() else None
        if self._archive is None:
            self._archive = read_archive(root.read_bytes(), self._source.origin)
        return self._archive.get(name)


def check_renderable(known: KnownChart, source: ChartSource, capabilities: Capabilities) -> None:
    """What Helm's command line checks before it renders, and the SDK does not. Raises UserError."""
    where = Position(f"{known.name}/Chart.yaml")
    if known.kind == "library":
        raise UserError(
            f'"{known.name}" is a library chart, which cannot be installed by itself',
            where=where,
            fix="make it a dependency of an application chart and deploy that one",
        )
    if known.missing:
        raise UserError(
            f'the chart "{known.name}" declares dependencies that are not in its charts folder: '
            f"{', '.join(known.missing)}",
            where=where,
            fix=f"run `helm dependency build` for {source.origin}, or let Fairway fetch it from its repository",
        )
    if capabilities.kube_version:
        check_kube_version(known.name, known.kube_version, _plain(capabilities.kube_version), where)


def _plain(kube_version: str) -> str:
    """`v1.33.4-gke.1245` → `v1.33.4`: Helm compares constraints without the provider's suffix."""
    found = re.match(r"\s*v?(\d+(?:\.\d+)*)", kube_version)
    return f"v{found[1]}" if found else kube_version
