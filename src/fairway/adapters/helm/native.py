"""The calls into the Helm SDK that rendering needs; the only module that touches its private call table.

`helm-python-sdk` is pinned exactly because of this file: its public wrapper does not pass `kube_version` and
`api_versions` yet. The rule not to break: rendering changes a loaded chart in place (disabled sub-charts are gone,
imported values merged in), so a chart is loaded anew for each render and never rendered twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
from helm_python import Chart, Config
from helm_python import _native as native

from fairway.adapters.helm.failures import translating
from fairway.domain.releases.stored_chart import to_json


class NativeChart:
    """A chart loaded for one render; a context manager. Errors: `UserError` with the place in the chart."""

    def __init__(self, source: str | bytes, origin: str) -> None:
        """`source` is a folder, a `.tgz`, or an archive's bytes."""
        self._origin = origin
        with translating(origin):
            self._chart = Chart.load(source) if isinstance(source, str) else Chart.load_archive(source)

    def __enter__(self) -> NativeChart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chart.close()

    def render(self, values: Mapping[str, Any], options: bytes, cluster: Config | None = None) -> dict[str, str]:
        """Template path → text, notes included; with `cluster`, `lookup` asks it. See `render_options`."""
        chart = self._chart._raw()
        with translating(self._origin):
            if cluster is None:
                text = native.call_string("helm_render", chart, to_json(values), options)
            else:
                text = native.call_string("helm_render_with_config", cluster._raw(), chart, to_json(values), options)
        files: dict[str, str] = orjson.loads(text)
        return files

    @property
    def metadata(self) -> dict[str, Any]:
        """Chart.yaml as Helm holds it; after `render`, with dependencies as processed."""
        return self._read("helm_chart_metadata") or {}

    @property
    def values(self) -> dict[str, Any]:
        """Default values; after `render`, with imported values merged in."""
        return self._read("helm_chart_values") or {}

    @property
    def templates(self) -> list[dict[str, str]]:
        """The chart's own templates as `{name, data}`; bytes that are no UTF-8 come as U+FFFD."""
        return self._read("helm_chart_templates") or []

    @property
    def files(self) -> list[dict[str, str]]:
        """The chart's other files, likewise."""
        return self._read("helm_chart_files") or []

    @property
    def has_schema(self) -> bool:
        return self._read("helm_chart_schema") is not None

    @property
    def crds(self) -> list[dict[str, str]]:
        """`{name, filename, data}` of the chart and its sub-charts; after `render`, of the enabled ones."""
        return self._read("helm_chart_crds") or []

    @property
    def subcharts(self) -> list[dict[str, Any]]:
        """Metadata of what is really in `charts/`."""
        return self._read("helm_chart_dependencies") or []

    def archive(self, folder: Path) -> bytes:
        """The chart as one `.tgz` with unpacked sub-charts, written below `folder`."""
        with translating(self._origin):
            return Path(self._chart.save(folder)).read_bytes()

    def _read(self, function: str) -> Any:
        with translating(self._origin):
            return orjson.loads(native.call_string(function, self._chart._raw()))


def render_options(
    *, name: str, namespace: str, revision: int, is_upgrade: bool, kube_version: str, api_versions: tuple[str, ...]
) -> bytes:
    """The SDK's options; it adds `api_versions` to Helm's built-in list. Unknown keys are refused by it."""
    options: dict[str, Any] = {
        "name": name,
        "namespace": namespace,
        "revision": revision,
        "is_install": not is_upgrade,
        "is_upgrade": is_upgrade,
        "api_versions": api_versions,
    }
    if kube_version:
        options["kube_version"] = kube_version
    return to_json(options)


def read_yaml(text: str) -> str:
    """One YAML mapping as JSON text, read as Helm reads it; raises `HelmError`."""
    return native.call_string("helm_values_from_yaml", text)


def cluster_config(kubeconfig: str | None, context: str | None) -> Config:
    """For `lookup`. The SDK's own throttling would make 20 releases take seconds, so it is lifted."""
    return Config(kubeconfig_path=kubeconfig, kube_context=context, qps=500.0, burst_limit=1000)
