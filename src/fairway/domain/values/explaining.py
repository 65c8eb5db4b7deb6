"""Where every final value of a release comes from, and what it covered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

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
        """Origins of every leaf, strongest first: the first one gave the value, the others were covered."""
        return {path: node.origins for path, node in leaves(self.root) if path}

    @cached_property
    def secret_paths(self) -> frozenset[Path]:
        """Leaves that are secret because of where their value comes from."""
        return frozenset(path for path, origins in self.provenance.items() if origins and origins[0].secret)

    def below(self, path: Path) -> Iterator[tuple[Path, Node]]:
        """The leaves at and below a path; nothing when there is no such key."""
        node = self.root.at(path)
        if node is not None:
            yield from leaves(node, path)


def explain(environment: EnvironmentLayers, release: ReleaseLayers, defaults: ChartDefaults) -> Explanation:
    """Merge the layers of a release over its chart, keeping the origin of everything."""
    chart = chart_of(defaults)
    base = coalesce(chart, Node({})) if release.list_merge else None
    user = trace_user_values(environment, release, base)
    removals = Removals()
    return Explanation(coalesce(effective(chart, user), user, removals), user, removals.by_path)
