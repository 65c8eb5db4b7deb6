"""Where every final value of a release comes from, and what it covered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fairway.domain.values.charts import ChartDefaults
from fairway.domain.values.coalescing import Removals, chart_of, coalesce
from fairway.domain.values.layers import EnvironmentLayers, ReleaseLayers
from fairway.domain.values.merging import Values
from fairway.domain.values.paths import Path
from fairway.domain.values.subcharts import effective
from fairway.domain.values.tracing import Node, Origin, leaves, plain, trace_user_values


@dataclass(frozen=True)
class Explanation:
    """The values that templates see (`root`), those that are passed to the renderer (`user_root`), and removed ones."""

    root: Node
    user_root: Node
    removed: Mapping[Path, tuple[Origin, ...]]
    """Defaults that a null took away; the null's origin comes first."""

    @cached_property
    def values(self) -> Values:
        values: Values = plain(self.root)
        return values

    @cached_property
    def user(self) -> Values:
        values: Values = plain(self.user_root)
        return values

    @cached_property
    def provenance(self) -> Mapping[Path, tuple[Origin, ...]]:
        """Origins of every leaf, strongest first: the first one gave the value, the others were covered.

        Where a map or list took the place of something else as a whole, that counts as covered for each leaf in it.
        """
        return {path: origins for path, _, origins in _explained(self.root, (), ()) if path and origins}

    @cached_property
    def secret_paths(self) -> frozenset[Path]:
        """Leaves that are secret because of where their value comes from."""
        return frozenset(path for path, origins in self.provenance.items() if origins[0].secret)

    def below(self, path: Path) -> list[tuple[Path, Node, tuple[Origin, ...]]]:
        """The leaves at and below a path, by key; nothing when there is no such key."""
        found = [
            (leaf, node, self.provenance[leaf])
            for leaf, node in leaves(self.root)
            if leaf[: len(path)] == path and leaf in self.provenance
        ]
        return sorted(found, key=lambda item: _sorting(item[0]))

    def removed_below(self, path: Path) -> list[tuple[Path, tuple[Origin, ...]]]:
        """The removed defaults at and below a path, by key."""
        found = [(key, origins) for key, origins in self.removed.items() if key[: len(path)] == path]
        return sorted(found, key=lambda item: _sorting(item[0]))


def _explained(node: Node, path: Path, above: tuple[Origin, ...]) -> Iterator[tuple[Path, Node, tuple[Origin, ...]]]:
    inside: Any = node.value
    if not isinstance(inside, dict | list) or not inside:
        own = {origin.layer for origin in node.origins}
        yield path, node, node.origins + tuple(origin for origin in above if origin.layer not in own)
    elif isinstance(inside, list):
        for i, item in enumerate(inside):
            yield from _explained(item, (*path, i), above + node.origins)
    else:
        above += tuple(origin for origin in node.origins if not isinstance(origin.value, dict))
        for key, item in inside.items():
            yield from _explained(item, (*path, key), above)


def _sorting(path: Path) -> tuple[tuple[bool, str | int], ...]:
    return tuple((isinstance(part, int), part) for part in path)


def explain(environment: EnvironmentLayers, release: ReleaseLayers, defaults: ChartDefaults) -> Explanation:
    """Merge the layers of a release over its chart, keeping the origin of everything."""
    chart = chart_of(defaults)
    base = coalesce(chart, Node({})) if release.list_merge else None
    user = trace_user_values(environment, release, base)
    removals = Removals()
    return Explanation(coalesce(effective(chart, user), user, removals), user, removals.by_path)
