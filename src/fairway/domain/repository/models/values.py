"""Values that people write, where they come from, and how lists of several layers merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fairway.domain.errors import Position

CHART_VERSION = "chart.version"
"""The name of the chart's version where values have their dotted paths."""


@dataclass(frozen=True, slots=True)
class ValueSource:
    """A `valueFrom`: exactly one of its kinds, with that kind's settings.

    kind and settings: `gceResource` {"name"|"nameFrom", "isGlobal"}, `env` {"name", "default"?},
    `file` {"path", "key"?},
    `configMap`/`secret` {"name", "key", "namespace"?, "optional"?},
    `output` {"release", "kind", "apiVersion"?, "name", "path" (JSONPath)}.
    """

    kind: str
    settings: Mapping[str, Any]
    position: Position

    @property
    def is_secret(self) -> bool:
        return self.kind == "secret" or bool(self.settings.get("sensitive"))


@dataclass(frozen=True, slots=True)
class ChartValue:
    """One `{key, value}` or `{key, valueFrom}`; `key` is a dotted path."""

    key: str
    position: Position
    value: Any = None
    value_from: ValueSource | None = None


class ListMergeRule(StrEnum):
    REPLACE = "replace"
    APPEND = "append"
    BY_KEY = "byKey"


@dataclass(frozen=True, slots=True)
class ListMerge:
    """How lists below a dotted path merge; `key` only with byKey."""

    path: str
    rule: ListMergeRule
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Locked:
    """A version that `fairway.lock.yaml` holds for a release; it wins over everything else that says it."""

    key: str
    """A dotted path, or `chart.version`."""
    value: str
    entry: str
    """The name above it in the file: `web`, or `prod/web`."""
    position: Position
