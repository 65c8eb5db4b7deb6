"""`HelmRelease` objects of Flux in plain resource files: where their image tags and chart versions stand.

The rule not to break: an object is known by group and kind alone, whatever its version; what is not written in it
(`valuesFrom`, a chart's default) is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.upgrades.documents import slices
from fairway.domain.yaml import Path, Positions, load_with_positions

_GROUPS = ("helm.toolkit.fluxcd.io/", "helm.fluxcd.io/")
_SOURCES = "source.toolkit.fluxcd.io/"
VALUES: Path = ("spec", "values")
VERSION: Path = ("spec", "chart", "spec", "version")


@dataclass(frozen=True, slots=True)
class HelmObject:
    """One HelmRelease. `document` is its number in the file."""

    file: str
    document: int
    body: Mapping[str, Any]
    positions: Positions

    @property
    def name(self) -> str:
        return str((self.body.get("metadata") or {}).get("name") or "")

    @property
    def values(self) -> Mapping[str, Any]:
        found = self.at(VALUES)
        return found if isinstance(found, Mapping) else {}

    @property
    def chart(self) -> tuple[str, str, str]:
        """(name of the repository, name of the chart, version); empty where the object says nothing."""
        spec = self.at(VERSION[:-1])
        spec = spec if isinstance(spec, Mapping) else {}
        source = spec.get("sourceRef") or {}
        kind = source.get("kind") if isinstance(source, Mapping) else None
        repository = str(source.get("name") or "") if kind == "HelmRepository" else ""
        return repository, str(spec.get("chart") or ""), str(spec.get("version") or "")

    def at(self, path: Path) -> Any:
        """The value at a path, None when there is none."""
        value: Any = self.body
        for part in path:
            listed = isinstance(value, list) and isinstance(part, int) and part < len(value)
            if not listed and not (isinstance(value, Mapping) and part in value):
                return None
            value = value[part]
        return value

    def position(self, path: Path) -> Position:
        return self.positions[path]


def helm_objects(data: bytes, file: str) -> Iterator[HelmObject]:
    """The HelmRelease objects of a file, in its order. Raises InvalidInput, UserError when it cannot be read."""
    for document, body, positions in _objects(data, file):
        if body.get("kind") == "HelmRelease" and str(body.get("apiVersion")).startswith(_GROUPS):
            yield HelmObject(file, document, body, positions)


def helm_repositories(data: bytes, file: str) -> dict[str, str]:
    """Name → URL of the HelmRepository objects of a file. Raises as `helm_objects`."""
    return {
        str(body["metadata"]["name"]): str(body["spec"]["url"])
        for _, body, _ in _objects(data, file)
        if body.get("kind") == "HelmRepository"
        and str(body.get("apiVersion")).startswith(_SOURCES)
        and isinstance(body.get("metadata"), dict)
        and isinstance(body.get("spec"), dict)
        and {"name"} <= body["metadata"].keys()
        and {"url"} <= body["spec"].keys()
    }


def _objects(data: bytes, file: str) -> Iterator[tuple[int, dict[str, Any], Positions]]:
    for number, part in enumerate(slices(data, file)):
        body, positions = load_with_positions(part.padded, file)
        if isinstance(body, dict):
            yield number, body, positions
