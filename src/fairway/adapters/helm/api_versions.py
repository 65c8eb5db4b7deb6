"""Keep charts from seeing API versions that the target cluster does not serve.

The SDK always adds Helm's built-in list, which still names versions that Kubernetes removed years ago, such as
policy/v1beta1; a real `helm install` knows only what the cluster serves. Charts that ask for such a version get a copy
in which the question names one that never exists. Only the question changes, and it keeps its length, so places in
error messages stay right. Questions built at run time (`printf`, a loop over the list) are out of reach; see
docs/spec/rendering.md.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import orjson

from fairway.adapters.helm import native
from fairway.domain.charts.archive import read_archive, write_archive
from fairway.domain.charts.rendering import Capabilities, ChartSource

_QUESTION = re.compile(rb"\b[Hh]as\s+(?P<quote>[\"`])(?P<version>[a-z0-9.]+/v[0-9a-z]+)(?P=quote)")


def unserved(capabilities: Capabilities) -> frozenset[str]:
    """Built-in versions that the cluster lacks; none when the cluster's are not known (Helm's offline meaning)."""
    return _unserved(capabilities.api_versions) if capabilities.api_versions else frozenset()


def chart_without(source: ChartSource, versions: frozenset[str]) -> bytes | None:
    """An archive of the chart that finds none of `versions`; None when the chart never asks for one."""
    if not versions or not _asks(source, versions):
        return None
    with (
        tempfile.TemporaryDirectory(prefix="fairway-chart-") as folder,
        native.NativeChart(source.path, source.origin) as chart,
    ):
        data = chart.archive(Path(folder))
    files = read_archive(data, source.origin)
    return write_archive(source.name, {path: _without(text, versions) for path, text in files.items()})


@lru_cache(maxsize=8)
def _unserved(served: tuple[str, ...]) -> frozenset[str]:
    return _built_in() - frozenset(served)


@lru_cache(maxsize=1)
def _built_in() -> frozenset[str]:
    """Asked of the SDK itself, with a chart of one template."""
    probe = write_archive(
        "probe",
        {
            "Chart.yaml": b"apiVersion: v2\nname: probe\nversion: 0.0.1\n",
            "templates/versions.yaml": b"{{ .Capabilities.APIVersions | toJson }}",
        },
    )
    options = native.render_options(
        name="probe", namespace="default", revision=1, is_upgrade=False, kube_version="", api_versions=()
    )
    with native.NativeChart(probe, "probe") as chart:
        files = chart.render({}, options)
    return frozenset(orjson.loads(files["probe/templates/versions.yaml"]))


def _asks(source: ChartSource, versions: frozenset[str]) -> bool:
    return any(match["version"].decode() in versions for data in _texts(source) for match in _QUESTION.finditer(data))


def _texts(source: ChartSource) -> Iterable[bytes]:
    """Every file of the chart, those of packed sub-charts included."""
    root = Path(source.path)
    if root.is_dir():
        files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    else:
        files = read_archive(root.read_bytes(), source.origin)
    yield from _with_nested(files, source.origin)


def _with_nested(files: dict[str, bytes], origin: str) -> Iterable[bytes]:
    for path, data in files.items():
        if path.startswith("charts/") and path.endswith(".tgz"):
            yield from _with_nested(read_archive(data, f"{origin}/{path}"), f"{origin}/{path}")
        else:
            yield data


def _without(data: bytes, versions: frozenset[str]) -> bytes:
    def ask_for_nothing(match: re.Match[bytes]) -> bytes:
        version: bytes = match["version"]
        return match[0].replace(version, b"-" * len(version)) if version.decode() in versions else match[0]

    return _QUESTION.sub(ask_for_nothing, data)
