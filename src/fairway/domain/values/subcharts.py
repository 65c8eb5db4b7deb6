"""Which sub-charts take part, under which names, and what they give to their parent: before values are coalesced.

One rule: as in Helm, conditions beat tags, an undeclared chart under charts/ always takes part, and imported values are
weaker than the parent's own. Source: Helm, pkg/chart/v2/util/dependencies.go.
"""

from __future__ import annotations

from dataclasses import replace

from fairway.domain.charts.constraints import BadConstraint, allows
from fairway.domain.values.charts import DeclaredChart
from fairway.domain.values.coalescing import Chart, Removals, Table, coalesce, fill_table, merge_defaults
from fairway.domain.values.paths import Path
from fairway.domain.values.tracing import Node, copy


def effective(chart: Chart, user: Node) -> Chart:
    """The chart as it is rendered with the user's values."""
    chart = chart.copy()
    _enable(chart, user, "")
    _import(chart)
    return chart


def _enable(chart: Chart, values: Node, path: str) -> None:
    if not chart.declared:
        return
    children = [child for child in chart.children if not any(_is(child, item) for item in chart.declared)]
    for item in chart.declared:
        found = next((child for child in chart.children if _is(child, item)), None)
        if found is not None:
            children.append(replace(found.copy(), name=item.alias or found.name))
    chart.declared = [replace(item, name=item.alias or item.name) for item in chart.declared]
    chart.children = children
    known = coalesce(chart, values)
    disabled = {item.name for item in chart.declared if not _is_enabled(item, known, path)}
    chart.children = [child for child in children if child.name not in disabled]
    chart.declared = [item for item in chart.declared if item.name not in disabled]
    for child in chart.children:
        _enable(child, known, f"{path}{child.name}.")


def _is(child: Chart, item: DeclaredChart) -> bool:
    if child.name != item.name:
        return False
    try:
        return allows(item.version, child.version)
    except BadConstraint:
        return False


def _is_enabled(item: DeclaredChart, values: Node, path: str) -> bool:
    for condition in item.condition.strip().split(","):
        if condition and isinstance(answer := _value(values, path + condition), bool):
            return answer
    answers = [answer for tag in item.tags if isinstance(answer := _value(values, f"tags.{tag}", exact=True), bool)]
    return any(answers) or not answers


def _value(values: Node, path: str, *, exact: bool = False) -> object:
    parts: Path = tuple(path.split(".", 1)) if exact else tuple(path.split("."))
    node = values.at(parts)
    return node.value if node is not None else None


def _import(chart: Chart) -> None:
    for child in chart.children:
        _import(child)
    if not chart.declared:
        return
    own = merge_defaults(chart)
    imported = Node({})
    for item in chart.declared:
        for entry in item.imports:
            table = own.at((item.name, *entry.child.split(".")))
            if table is not None and table.is_table:
                fill_table(imported, _nested(entry.parent, copy(table)), (), True, Removals())
    fill_table(own, imported, (), True, Removals())
    chart.values = own


def _nested(path: str, table: Node) -> Node:
    if path == ".":
        return table
    for part in reversed(path.split(".")):
        below: Table = {part: table}
        table = Node(below)
    return table
