"""Arithmetic of Kubernetes field sets, the `fieldsV1` trees below `metadata.managedFields`.

A tree maps path elements to sub-trees: `f:image` is a field, `k:{"name":"app"}` a list item by its merge keys, `v:"a"`
a member of a set, `i:0` an index, and `.` says that the place itself belongs to the set too. A leaf is `{}`. The rule
not to break: no function changes a tree that it was given; results may share branches with it.

Source: structured-merge-diff's serialisation (sigs.k8s.io/structured-merge-diff, fieldpath/serialize.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2s
from typing import Any

import orjson

FieldSet = Mapping[str, Any]
"""A `fieldsV1` tree. The empty tree is the empty set."""

FieldPath = tuple[str, ...]
"""Path elements as `fieldsV1` writes them, e.g. `("f:spec", "f:replicas")`."""


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Every path of both. Commutative, associative and idempotent up to normal form."""
    return _merge(left, right)


def as_set(path: FieldPath) -> FieldSet:
    """The set that holds just this path."""
    tree: dict[str, Any] = {}
    for element in reversed(path):
        tree = {element: tree}
    return tree


def contains(fields: FieldSet, path: FieldPath) -> bool:
    """Whether the set holds this very path (a path below or above it does not count)."""
    node = fields
    for element in path:
        if element not in node:
            return False
        node = node[element]
    return bool(path) and _is_member(node)


def without(fields: FieldSet, path: FieldPath) -> FieldSet:
    """The set without this path and all below it; branches that become empty go too."""
    if not path or path[0] not in fields:
        return fields
    rest = {name: child for name, child in fields.items() if name != path[0]}
    if len(path) > 1:
        child = fields[path[0]]
        smaller = without(child, path[1:])
        if smaller or not child:
            return {**rest, path[0]: smaller}
    return rest


def leaves(fields: FieldSet, prefix: FieldPath = ()) -> Iterator[FieldPath]:
    """The deepest paths in document order: what is really set, without the maps and items around it."""
    for element, child in fields.items():
        if element == ".":
            continue
        path = (*prefix, element)
        if any(name != "." for name in child):
            yield from leaves(child, path)
        else:
            yield path


def normal(fields: FieldSet) -> FieldSet:
    """One spelling for each set: a place with nothing below it is `{}`, never `{".": {}}`."""
    return {name: _normal_node(child) for name, child in fields.items() if name != "."}


def fingerprint(fields: FieldSet) -> str:
    """32 hex digits that are equal exactly when the sets are equal, whatever the order of keys."""
    return blake2s(orjson.dumps(normal(fields), option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def path_text(path: FieldPath) -> str:
    """For people: `spec.template.spec.containers[app].image`."""
    text = ""
    for element in path:
        kind, _, name = element.partition(":")
        if kind == "f":
            part = f"[{orjson.dumps(name).decode()}]" if "." in name or not name else name
            text += part if not text or part.startswith("[") else f".{part}"
        elif kind == "k":
            text += f"[{','.join(str(value) for value in item_keys(element).values())}]"
        else:
            text += f"[{name}]"
    return text


def item_keys(element: str) -> Mapping[str, Any]:
    """The merge keys that a `k:` element names; empty for any other element."""
    if not element.startswith("k:"):
        return {}
    keys: dict[str, Any] = orjson.loads(element[2:])
    return keys


def find_item(items: list[Any], element: str) -> int | None:
    """The index of the list item that a `k:`, `v:` or `i:` element names, or None when it is not there.

    A key that an item leaves out is taken as equal when the element has Kubernetes' own default for it
    (`protocol` of a port is `TCP`).
    """
    kind, _, name = element.partition(":")
    if kind == "i":
        index = int(name)
        return index if index < len(items) else None
    if kind == "v":
        value = orjson.loads(name)
        return next((n for n, item in enumerate(items) if item == value), None)
    keys = item_keys(element)
    for n, item in enumerate(items):
        if isinstance(item, dict) and all(item.get(k, _KEY_DEFAULTS.get(k)) == v for k, v in keys.items()):
            return n
    return None


_KEY_DEFAULTS = {"protocol": "TCP"}


def _is_member(node: FieldSet) -> bool:
    return not node or "." in node


def _merge(left: FieldSet, right: FieldSet) -> dict[str, Any]:
    merged: dict[str, Any] = {name: _normal_node(child) for name, child in left.items() if name != "."}
    for name, child in right.items():
        if name == ".":
            continue
        merged[name] = _merge_node(merged[name], child) if name in merged else _normal_node(child)
    return merged


def _merge_node(left: FieldSet, right: FieldSet) -> dict[str, Any]:
    children = _merge(left, right)
    if children and (_is_member(left) or _is_member(right)):
        children["."] = {}
    return children


def _normal_node(node: FieldSet) -> FieldSet:
    children = {name: _normal_node(child) for name, child in node.items() if name != "."}
    if children and "." in node:
        children["."] = {}
    return children
