"""A chart's own values: its values.yaml, and those of its sub-charts, as Helm finds them.

One rule: nothing is decided here about which sub-charts are used; that depends on the user's values (coalescing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.charts.archive import read_archive
from fairway.domain.values.merging import Values
from fairway.domain.yaml import Positions, compose, load

ChartFiles = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class ImportValues:
    """One entry of `import-values`: the table `child` of the sub-chart goes to `parent` (`.`: the top)."""

    child: str
    parent: str


@dataclass(frozen=True, slots=True)
class DeclaredChart:
    """One entry of `dependencies` in Chart.yaml, with what decides about values."""

    name: str
    version: str
    alias: str = ""
    condition: str = ""
    tags: tuple[str, ...] = ()
    imports: tuple[ImportValues, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartDefaults:
    name: str
    version: str
    file: str
    """The values.yaml, as people see it."""
    values: Values
    positions: Positions
    declared: tuple[DeclaredChart, ...] = ()
    children: tuple[ChartDefaults, ...] = ()
    """The charts under charts/, by their own names, in name order."""


def chart_defaults(files: ChartFiles, origin: str) -> ChartDefaults:
    """Read a chart's files (paths as in its archive). `origin` opens the positions: `charts/web`, `redis-1.2.3.tgz`.

    Raises InvalidInput when a values.yaml cannot be read. A key that stands twice counts once, the first time.
    """
    metadata = _map(load(_text(files["Chart.yaml"]), f"{origin}/Chart.yaml"))
    declared = metadata.get("dependencies")
    if "requirements.yaml" in files and metadata.get("apiVersion", "v1") == "v1":
        requirements = load(_text(files["requirements.yaml"]), f"{origin}/requirements.yaml")
        declared = _map(requirements).get("dependencies") or declared
    file = f"{origin}/values.yaml"
    values, positions, _ = compose(_text(files.get("values.yaml", b"")), file)
    return ChartDefaults(
        str(metadata.get("name", "")),
        str(metadata.get("version", "")),
        file,
        _map(values),
        positions,
        tuple(_declared(item) for item in declared or () if isinstance(item, dict)),
        tuple(_children(files, origin)),
    )


def _children(files: ChartFiles, origin: str) -> list[ChartDefaults]:
    folders: dict[str, dict[str, bytes]] = {}
    children: list[ChartDefaults] = []
    for path, data in sorted(files.items()):
        parts = path.split("/", 2)
        if parts[0] != "charts" or len(parts) < 2 or parts[1][:1] in ("_", "."):
            continue
        if len(parts) == 3:
            folders.setdefault(parts[1], {})[parts[2]] = data
        elif path.endswith(".tgz"):
            children.append(chart_defaults(read_archive(data, f"{origin}/{path}"), f"{origin}/{path}"))
    for name, below in folders.items():
        if "Chart.yaml" in below:
            children.append(chart_defaults(below, f"{origin}/charts/{name}"))
    return sorted(children, key=lambda child: child.name)


def _declared(item: Mapping[str, Any]) -> DeclaredChart:
    imports = []
    for entry in item.get("import-values") or ():
        if isinstance(entry, dict):
            imports.append(ImportValues(str(entry.get("child", "")), str(entry.get("parent", ""))))
        elif isinstance(entry, str):
            imports.append(ImportValues(f"exports.{entry}", "."))
    return DeclaredChart(
        str(item.get("name", "")),
        str(item.get("version", "")),
        str(item.get("alias") or ""),
        str(item.get("condition") or ""),
        tuple(str(tag) for tag in item.get("tags") or ()),
        tuple(imports),
    )


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
