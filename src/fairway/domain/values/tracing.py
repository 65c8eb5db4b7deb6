"""Values that know where they come from: the same merge as in merging.py, over nodes instead of plain values.

One rule: `plain(trace of layers) == merge of the same layers`, for all layers (tests/unit/domain/values holds the law).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.repository.models import ListMergeRule
from fairway.domain.values.assignments import Assignment
from fairway.domain.values.layers import EnvironmentLayers, LayerKind, ReleaseLayers, ValuesDocument
from fairway.domain.values.merging import ListRules, list_rules
from fairway.domain.values.paths import Path


@dataclass(frozen=True, slots=True)
class Origin:
    """One layer that speaks about a key."""

    layer: LayerKind
    position: Position
    path: Path
    """The key as this layer writes it: without the prefix in a sub-chart's own file."""
    value: Any
    written: Any
    """As it stands in the file; differs from `value` where text was interpolated."""
    secret: bool = False
    note: str = ""
    """What a `valueFrom` names, e.g. `secret shop/db:password`."""


@dataclass(slots=True)
class Node:
    """A value: a dict or list of nodes, or a scalar. `origins`: strongest first, the first one gave the value."""

    value: Any
    origins: tuple[Origin, ...] = ()

    @property
    def is_table(self) -> bool:
        return isinstance(self.value, dict)

    def covering(self, weaker: Node) -> Node:
        """The same value, with what it covers added to its origins."""
        return Node(self.value, self.origins + weaker.origins)

    def at(self, path: Path) -> Node | None:
        """The node at a path, None when there is none."""
        node = self
        for part in path:
            inside = node.value
            if isinstance(part, str):
                if not isinstance(inside, dict) or part not in inside:
                    return None
            elif not isinstance(inside, list) or part >= len(inside):
                return None
            node = inside[part]
        return node


def plain(node: Node) -> Any:
    """The value without provenance."""
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def copy(node: Node) -> Node:
    """A deep copy of the structure; origins are shared."""
    if isinstance(node.value, dict):
        return Node({key: copy(item) for key, item in node.value.items()}, node.origins)
    if isinstance(node.value, list):
        return Node([copy(item) for item in node.value], node.origins)
    return Node(node.value, node.origins)


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every scalar, empty map and empty list, with its path."""
    if isinstance(node.value, dict) and node.value:
        for key, item in node.value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(node.value, list) and node.value:
        for i, item in enumerate(node.value):
            yield from leaves(item, (*path, i))
    else:
        yield path, node


def trace(value: Any, origin: Callable[[Path, Any], Origin], path: Path = ()) -> Node:
    """A plain value as nodes; `origin` makes the origin of a path and its value."""
    own = (origin(path, value),) if path else ()
    if isinstance(value, dict):
        return Node({key: trace(item, origin, (*path, key)) for key, item in value.items()}, own)
    if isinstance(value, list):
        return Node([trace(item, origin, (*path, i)) for i, item in enumerate(value)], own)
    return Node(value, own)


def trace_document(document: ValuesDocument, layer: LayerKind) -> Node:
    def origin(path: Path, value: Any) -> Origin:
        return Origin(layer, document.positions.key(path), path, value, value, document.secret)

    return trace(document.values, origin)


def trace_user_values(environment: EnvironmentLayers, release: ReleaseLayers, base: Node | None = None) -> Node:
    """All layers above the chart, as `EnvironmentLayers.merge` merges them.

    `base` are the chart's coalesced defaults; they matter only where a `listMerge` rule names a list.
    """
    rules = list_rules(release.list_merge)
    tree = Node({})
    if not release.skip_defaults:
        if environment.file:
            tree = trace_document(environment.file, LayerKind.ENVIRONMENT_FILE)
        for item in environment.for_release(release.name):
            tree = _assign(tree, item.path, _traced(item, LayerKind.ENVIRONMENT), rules)
    if release.file:
        tree = combine(tree, trace_document(release.file, LayerKind.RELEASE_FILE), rules)
    for item in release.assignments:
        tree = _assign(tree, item.path, _traced(item, LayerKind.RELEASE), rules)
    for item in release.locked:
        tree = _assign(tree, item.path, _traced(item, LayerKind.LOCK), rules)
    return _with_chart_lists(tree, base, rules) if rules and base else tree


def combine(old: Node, new: Node, rules: ListRules | None) -> Node:
    """`new` over `old`."""
    if isinstance(new.value, dict) and isinstance(old.value, dict):
        out = dict(old.value)
        for key, item in new.value.items():
            out[key] = combine(out[key], item, rules.at(key) if rules else None) if key in out else item
        return Node(out, new.origins + old.origins)
    if rules and rules.rule and isinstance(new.value, list) and isinstance(old.value, list):
        if rules.rule.rule is ListMergeRule.APPEND:
            return Node(old.value + new.value, new.origins + old.origins)
        if rules.rule.rule is ListMergeRule.BY_KEY:
            return Node(_by_key(old.value, new.value, rules.rule.key or "name", rules), new.origins + old.origins)
    return new.covering(old)


def _by_key(old: list[Node], new: list[Node], key: str, rules: ListRules) -> list[Node]:
    out = list(old)
    places = {name: i for i, item in enumerate(out) if (name := _name(item, key)) is not None}
    for item in new:
        name = _name(item, key)
        if name is not None and name in places:
            out[places[name]] = combine(out[places[name]], item, rules)
        else:
            out.append(item)
            if name is not None:
                places[name] = len(out) - 1
    return out


def _name(item: Node, key: str) -> Any:
    found = item.at((key,))
    return found.value if found is not None and isinstance(found.value, str | int | float) else None


def _assign(old: Node, path: Path, new: Node, rules: ListRules | None) -> Node:
    if not path:
        return combine(old, new, rules)
    part, rest = path[0], path[1:]
    above = old.origins if isinstance(old.value, dict if isinstance(part, str) else list) else ()
    if isinstance(part, str):
        out = dict(old.value) if isinstance(old.value, dict) else {}
        out[part] = _assign(out.get(part, Node(None)), rest, new, rules.at(part) if rules else None)
        return Node(out, above)
    items = list(old.value) if isinstance(old.value, list) else []
    items.extend(Node(None) for _ in range(part + 1 - len(items)))
    items[part] = _assign(items[part], rest, new, rules)
    return Node(items, above)


def _traced(item: Assignment, layer: LayerKind) -> Node:
    def origin(path: Path, value: Any) -> Origin:
        written = _inside(item.written, path[len(item.path) :], value)
        return Origin(layer, item.position, path, value, written, item.secret, item.note)

    return trace(item.value, origin, item.path)


def _inside(written: Any, path: Path, value: Any) -> Any:
    """The part of what was written that became `value`; interpolation keeps the structure."""
    for part in path:
        try:
            written = written[part]
        except (KeyError, IndexError, TypeError):
            return value
    return value if written is None else written


def _with_chart_lists(tree: Node, base: Node, rules: ListRules) -> Node:
    if not isinstance(tree.value, dict):
        return tree
    out = dict(tree.value)
    for key, below in rules.below.items():
        old, new = base.at((key,)), out.get(key)
        if old is None or new is None:
            continue
        if isinstance(old.value, dict) and isinstance(new.value, dict):
            out[key] = _with_chart_lists(new, old, below)
        elif isinstance(old.value, list) and isinstance(new.value, list) and below.rule:
            out[key] = combine(old, new, below)
    return Node(out, tree.origins)
