"""How a stronger layer of values covers a weaker one.

Maps merge key by key; everything else, lists and nulls too, replaces what was there: a null stays in the result, so
that Helm removes the chart's default with it (Helm, pkg/chart/loader MergeMaps). `listMerge` rules change what
lists do. One rule: nothing is changed in place. Results share parts with their inputs: treat all as frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairway.domain.repository.models import ListMerge, ListMergeRule
from fairway.domain.values.paths import Path, parse_key

Values = dict[str, Any]


@dataclass(slots=True)
class ListRules:
    """`listMerge` as a tree along the keys. Items of a list are transparent: `containers.env` reaches into each."""

    rule: ListMerge | None = None
    below: dict[str, ListRules] = field(default_factory=dict)

    def at(self, key: str) -> ListRules | None:
        return self.below.get(key)


def list_rules(rules: Iterable[ListMerge]) -> ListRules | None:
    """The tree of some rules; None when there are none, which is the fast way through `merge`."""
    root = ListRules()
    for rule in rules:
        node = root
        for part in parse_key(rule.path):
            if isinstance(part, str):
                node = node.below.setdefault(part, ListRules())
        node.rule = rule
    return root if root.below else None


def merge(weaker: Mapping[str, Any], stronger: Mapping[str, Any], rules: ListRules | None = None) -> Values:
    """A new map in which `stronger` wins."""
    out = dict(weaker)
    for key, value in stronger.items():
        old = out.get(key)
        if old is None:
            out[key] = value
        else:
            out[key] = combine(old, value, rules.below.get(key) if rules else None)
    return out


def combine(old: Any, new: Any, rules: ListRules | None = None) -> Any:
    """One value over another one: maps merge, lists follow their rule, everything else replaces."""
    if isinstance(new, dict):
        return merge(old, new, rules) if isinstance(old, dict) else new
    if rules and rules.rule and isinstance(new, list) and isinstance(old, list):
        if rules.rule.rule is ListMergeRule.APPEND:
            return old + new
        if rules.rule.rule is ListMergeRule.BY_KEY:
            return _merge_by_key(old, new, rules.rule.key or "name", rules)
    return new


def _merge_by_key(old: list[Any], new: list[Any], key: str, rules: ListRules) -> list[Any]:
    """Items with equal `key` merge at the place of the old one; the others follow in their order."""
    out = list(old)
    places = {item[key]: i for i, item in enumerate(out) if isinstance(item, dict) and _names(item, key)}
    for item in new:
        if isinstance(item, dict) and _names(item, key) and item[key] in places:
            out[places[item[key]]] = merge(out[places[item[key]]], item, rules)
        else:
            out.append(item)
            if isinstance(item, dict) and _names(item, key):
                places[item[key]] = len(out) - 1
    return out


def _names(item: Mapping[str, Any], key: str) -> bool:
    return isinstance(item.get(key), str | int | float)


def assign(old: Any, path: Path, value: Any, rules: ListRules | None = None) -> Any:
    """`old` with `value` merged in at `path`; what is not a map or list on the way gives way to one.

    A list grows to the index with nulls between, as with `helm --set`.
    """
    if not path:
        return combine(old, value, rules)
    part = path[0]
    if isinstance(part, str):
        out = dict(old) if isinstance(old, dict) else {}
        out[part] = assign(out.get(part), path[1:], value, rules.below.get(part) if rules else None)
        return out
    items = list(old) if isinstance(old, list) else []
    items.extend([None] * (part + 1 - len(items)))
    items[part] = assign(items[part], path[1:], value, rules)
    return items
