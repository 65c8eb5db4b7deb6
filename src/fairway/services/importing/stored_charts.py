"""A chart out of a Helm record, as the folder that it was made from.

The rule not to break: a record holds no sub-charts, so a chart that has any is never exported: it would render less.
Source: Helm's chart type (pkg/chart/v2/chart.go), whose dependencies are not part of its JSON.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from fairway.domain import yaml
from fairway.domain.errors import Refused, Terminal
from fairway.domain.releases.revision import Revision


def exported(revision: Revision) -> dict[str, bytes]:
    """The chart's files by path. Raises `Refused` when the record does not hold all of the chart."""
    chart = revision.chart
    name = _name(revision)
    missing = sorted(_subcharts(revision))
    if missing:
        raise Refused(
            f"the record of {revision.name} holds no sub-charts, and the chart {name} has some: {', '.join(missing)}",
            fix=f"say where the chart comes from: --chart REPO/{name}, or the folder of the chart",
        )
    files = {"Chart.yaml": yaml.dump(dict(chart.get("metadata") or {})).encode()}
    if chart.get("values"):
        files["values.yaml"] = yaml.dump(chart["values"]).encode()
    if schema := chart.get("schema"):
        files["values.schema.json"] = _bytes(schema, f"{name}/values.schema.json")
    for part in ("templates", "files"):
        for file in chart.get(part) or ():
            path = str(file.get("name", ""))
            _check(path, name)
            files[path] = _bytes(file.get("data") or "", f"{name}/{path}")
    return files


def _subcharts(revision: Revision) -> set[str]:
    """Names of sub-charts: those that Chart.yaml declares, and those that objects came from."""
    metadata = revision.chart.get("metadata") or {}
    declared = {str(one.get("alias") or one.get("name")) for one in metadata.get("dependencies") or () if one}
    return declared | set(_from_sources(_sources(revision), _name(revision)))


def _sources(revision: Revision) -> Iterable[str]:
    for line in revision.manifest.splitlines():
        if line.startswith("# Source: "):
            yield line.removeprefix("# Source: ").strip()
    yield from (hook.path for hook in revision.hooks)


def _from_sources(sources: Iterable[str], chart: str) -> Iterable[str]:
    prefix = f"{chart}/charts/"
    return (source.removeprefix(prefix).partition("/")[0] for source in sources if source.startswith(prefix))


def _name(revision: Revision) -> str:
    metadata: Mapping[str, Any] = revision.chart.get("metadata") or {}
    return str(metadata.get("name") or revision.name)


def _check(path: str, chart: str) -> None:
    parts = PurePosixPath(path)
    if not path or parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in parts.parts[0]:
        raise Terminal(f'the stored chart {chart} has a file outside of itself: "{path[:200]}"')


def _bytes(data: Any, what: str) -> bytes:
    try:
        return base64.b64decode(str(data), validate=True)
    except binascii.Error as error:
        raise Terminal(f"{what} in the stored chart is damaged: it is not base64") from error
