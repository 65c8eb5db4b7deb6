"""The user's values over the chart's defaults, as Helm coalesces them, nulls, sub-charts and globals included.

One rule: `.Values` of a template and the result here are equal; tests/contract/values compares them through Helm's own
renderer. That is why the order of steps, the sharing of tables between a chart's and its sub-chart's globals, and the
two ways to treat null (merge keeps it, coalesce acts on it) follow Helm, pkg/chart/common/util/coalesce.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from fairway.domain.errors import UserError
from fairway.domain.values.charts import ChartDefaults, DeclaredChart
from fairway.domain.values.layers import LayerKind
from fairway.domain.values.merging import Values
from fairway.domain.values.paths import Path, format_path
from fairway.domain.values.tracing import Node, Origin, copy, plain, trace

GLOBAL = "global"
Table = dict[str, Node]


@dataclass(slots=True)
class Chart:
    """A chart while its values are worked out: sub-charts are renamed, disabled, and import values into it."""

    name: str
    version: str
    values: Node
    declared: list[DeclaredChart]
    children: list[Chart]

    def copy(self) -> Chart:
        return replace(self, declared=list(self.declared), children=[child.copy() for child in self.children])


@dataclass(slots=True)
class Removals:
    """Defaults that a null removed, by path: the null's origin first."""

    by_path: dict[Path, tuple[Origin, ...]] = field(default_factory=dict)


def chart_of(defaults: ChartDefaults, *, top: bool = True) -> Chart:
    """The working form of a chart's defaults."""
    layer = LayerKind.CHART if top else LayerKind.SUBCHART

    def origin(path: Path, value: Any) -> Origin:
        return Origin(layer, defaults.positions.key(path), path, value, value)

    return Chart(
        defaults.name,
        defaults.version,
        trace(defaults.values, origin),
        list(defaults.declared),
        [chart_of(child, top=False) for child in defaults.children],
    )


def coalesce(chart: Chart, user: Node, removals: Removals | None = None) -> Node:
    """The values as templates see them: `user` wins; nulls remove defaults."""
    dest = copy(user)
    _coalesce(chart, dest.value, (), False, removals or Removals())
    return dest


def merge_defaults(chart: Chart) -> Node:
    """The defaults of a chart and its sub-charts, nulls kept."""
    dest = Node({})
    _coalesce(chart, dest.value, (), True, Removals())
    return dest


def coalesced_defaults(defaults: ChartDefaults) -> Values:
    """What templates see when the user gives nothing; sub-charts by prefix, enabled or not."""
    values: Values = plain(coalesce(chart_of(defaults), Node({})))
    return values


def _coalesce(chart: Chart, dest: Table, prefix: Path, merge: bool, removals: Removals) -> None:
    _coalesce_values(chart, dest, prefix, merge, removals)
    for child in chart.children:
        found = dest.setdefault(child.name, Node({}))
        if not found.is_table:
            key = format_path((*prefix, child.name))
            raise UserError(
                f'"{key}" must be a map: it holds the values of the sub-chart {child.name}',
                where=found.origins[0].position if found.origins else None,
                fix=f"write {key}.KEY, or {child.name}: {{…}}",
            )
        _share_globals(found.value, dest)
        _coalesce(child, found.value, (*prefix, child.name), merge, removals)


def _coalesce_values(chart: Chart, dest: Table, prefix: Path, merge: bool, removals: Removals) -> None:
    defaults: Table = copy(chart.values).value
    children = {child.name for child in chart.children}
    for key, default in defaults.items():
        given = dest.get(key)
        if given is None:
            if not merge:
                if default.value is None:
                    continue
                _drop_nulls(default)
            dest[key] = default
        elif given.value is None and not merge:
            removals.by_path[(*prefix, key)] = given.origins + default.origins
            del dest[key]
        elif given.is_table and default.is_table:
            keep_nulls = merge or key in children
            if not keep_nulls:
                _drop_nulls(default)
            fill_table(given, default, (*prefix, key), keep_nulls, removals)
        else:
            _cover(given, default)


def fill_table(dest: Node, source: Node, prefix: Path, merge: bool, removals: Removals) -> None:
    """Fill `dest`, which wins, from `source`."""
    given: Table = dest.value
    _cover(dest, source)
    for key, default in source.value.items():
        own = given.get(key)
        if own is None:
            given[key] = default
        elif own.value is None and default.value is not None and not merge:
            removals.by_path[(*prefix, key)] = own.origins + default.origins
            del given[key]
        elif own.is_table and default.is_table:
            fill_table(own, default, (*prefix, key), merge, removals)
        else:
            _cover(own, default)


def _share_globals(dest: Table, source: Table) -> None:
    """Copy `global` of a chart into its sub-chart's values; the chart's wins."""
    below, above = dest.get(GLOBAL, Node({})), source.get(GLOBAL, Node({}))
    if not below.is_table or not above.is_table:
        return
    for key, value in above.value.items():
        own = below.value.get(key)
        if value.is_table:
            if own is None or own.is_table:
                table = Node(dict(value.value), value.origins)
                if own is not None:
                    fill_table(table, own, (), True, Removals())
                below.value[key] = table
        elif own is None or not own.is_table:
            below.value[key] = Node(value.value, value.origins)
    dest[GLOBAL] = below


def _cover(stronger: Node, weaker: Node) -> None:
    """Add what is covered to the origins, once: Helm's steps meet the same default several times."""
    stronger.origins += tuple(origin for origin in weaker.origins if origin not in stronger.origins)


def _drop_nulls(node: Node) -> None:
    if not isinstance(node.value, dict):
        return
    for key, item in list(node.value.items()):
        if item.value is None:
            del node.value[key]
        else:
            _drop_nulls(item)
