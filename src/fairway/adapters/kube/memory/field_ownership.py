"""Server-side apply on plain data: field sets of values, conflicts, merging, and what a manager gave up.

A sketch of structured-merge-diff without schemas: maps are granular, lists are matched by the merge keys that
Kubernetes declares, everything else is atomic. The rule not to break: no function changes what it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from fairway.domain.manifests.field_sets import FieldPath, FieldSet, leaves, path_text, without
from fairway.domain.manifests.managed_fields import without_paths
from fairway.domain.manifests.merge_keys import COMPARED_BY, DEFAULTS, Keys
from fairway.domain.manifests.objects import Object

_ATOMIC = frozenset({"selector", "nodeSelector", "fieldsV1"})
_IDENTITY = {
    (): frozenset({"apiVersion", "kind", "status"}),
    ("metadata",): frozenset(
        {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"}
        | {"deletionTimestamp", "deletionGracePeriodSeconds"}
    ),
}


def fields_of(obj: Object) -> FieldSet:
    """What an applied configuration sets, as `fieldsV1`; identity and what the server sets are left out."""
    fields = _map_fields(obj, ())
    # An identity is always there, and nobody owns it.
    return fields if fields.get("f:metadata") else {name: f for name, f in fields.items() if name != "f:metadata"}


def changed_fields(old: Object, new: Object) -> FieldSet:
    """The fields whose values differ or are new."""
    found: dict[str, Any] = {}
    for path in leaves(fields_of(new)):
        if value_at(old, path) != value_at(new, path):
            node = found
            for element in path:
                node = node.setdefault(element, {})
    return found


def conflicts(
    live: Object, desired: Object, fields: FieldSet, others: Mapping[str, FieldSet]
) -> Iterator[tuple[str, FieldPath]]:
    """(manager, path) where somebody else owns a field that would get another value."""
    for path in leaves(fields):
        if value_at(live, path) == value_at(desired, path):
            continue
        for manager, owned in others.items():
            if _owns(owned, path):
                yield manager, path


def merged(live: Any, desired: Any, path: tuple[str, ...] = ()) -> Any:
    """The live value with all that is desired: maps and keyed lists merge, the rest is replaced."""
    if isinstance(live, dict) and isinstance(desired, dict) and not _is_atomic(path):
        result = dict(live)
        for name, value in desired.items():
            result[name] = merged(live.get(name), value, (*path, name))
        return result
    if isinstance(live, list) and isinstance(desired, list) and (keys := _keys(path, desired)):
        return _merged_items(live, desired, keys, path)
    return desired


def without_given_up(obj: Object, before: FieldSet, now: FieldSet, others: Iterable[FieldSet]) -> Object:
    """The object without the fields that a manager applied before, no longer applies, and nobody else owns."""
    owned = [now, *others]
    gone = (path for path in sorted(_members(before), key=len) if not any(_leads_into(o, path) for o in owned))
    return without_paths(obj, gone)


def remove_paths(fields: FieldSet, paths: Iterable[FieldPath]) -> FieldSet:
    """The set without these paths."""
    for path in paths:
        fields = without(fields, path)
    return fields


def value_at(obj: Any, path: FieldPath) -> Any:
    """The value that a path leads to; None when there is none."""
    for element in path:
        kind, _, name = element.partition(":")
        if kind == "f":
            obj = obj.get(name) if isinstance(obj, dict) else None
        elif kind == "k" and isinstance(obj, list):
            keys = orjson.loads(name)
            obj = next((i for i in obj if isinstance(i, dict) and _matches(i, keys)), None)
        else:
            return None
    return obj


def text_of(path: FieldPath) -> str:
    """As the server writes it in a conflict: `.spec.replicas`."""
    return f".{path_text(path)}"


def _map_fields(value: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    skipped = _IDENTITY.get(path, frozenset())
    return {f"f:{name}": _fields(child, (*path, name)) for name, child in value.items() if name not in skipped}


def _fields(value: Any, path: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, dict) and not _is_atomic(path):
        return _map_fields(value, path)
    if isinstance(value, list) and (keys := _keys(path, value)):
        return {_element(item, keys): {".": {}, **_map_fields(item, path)} for item in value}
    return {}


def _merged_items(live: list[Any], desired: list[Any], keys: Keys, path: tuple[str, ...]) -> list[Any]:
    wanted = {_element(item, keys): item for item in desired}
    result = []
    for item in live:
        mine = wanted.pop(_element(item, keys), None) if isinstance(item, dict) else None
        result.append(item if mine is None else merged(item, mine, path))
    return result + list(wanted.values())


def _members(fields: FieldSet, prefix: FieldPath = ()) -> Iterator[FieldPath]:
    for element, child in fields.items():
        if element == ".":
            continue
        path = (*prefix, element)
        if not child or "." in child:
            yield path
        yield from _members(child, path)


def _owns(fields: FieldSet, path: FieldPath) -> bool:
    node = fields
    for element in path:
        if element not in node:
            return False
        node = node[element]
        if not node:
            return True
    return True


def _leads_into(fields: FieldSet, path: FieldPath) -> bool:
    node = fields
    for element in path:
        if element not in node:
            return False
        node = node[element]
    return True


def _is_atomic(path: tuple[str, ...]) -> bool:
    return bool(path) and path[-1] in _ATOMIC


def _keys(path: tuple[str, ...], items: list[Any]) -> Keys:
    keys = COMPARED_BY.get(path[-2:]) or COMPARED_BY.get(path[-1:]) or ()
    fits = keys and all(isinstance(i, dict) and all(k in i or k in DEFAULTS for k in keys) for i in items)
    return keys if fits else ()


def _element(item: Mapping[str, Any], keys: Keys) -> str:
    values = {key: item.get(key, DEFAULTS.get(key)) for key in keys}
    return "k:" + orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()


def _matches(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    return all(item.get(key, DEFAULTS.get(key)) == value for key, value in keys.items())
