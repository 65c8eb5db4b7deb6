"""Who owns which field of an object, read from `metadata.managedFields`.

Two decisions rest on it: has anything that we applied been changed since (fingerprints), and which fields do we leave
to others although we declare them (`yields`). The rule not to break: a metadata-only object is enough for every
question here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Any

from fairway.domain.manifests.field_sets import (
    FieldPath,
    FieldSet,
    as_set,
    find_item,
    fingerprint,
    item_keys,
    leaves,
    union,
)
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.repository.models import IgnoreRule

PEOPLE = (
    "kubectl",
    "k9s",
    "lens",
    "openlens",
    "freelens",
    "node-fetch",  # Lens through its proxy
    "octant",
    "headlamp",
    "dashboard",
    "kubernetes-dashboard",
    "mozilla",
    "curl",
)
"""How the managers of people's tools begin, in lower case."""

_SUBSETS_UP_TO = 8


@dataclass(frozen=True, slots=True)
class Writer:
    """One entry of managedFields. `time` is RFC 3339 as the server wrote it, or empty."""

    manager: str
    operation: str
    subresource: str
    time: str
    fields: FieldSet


def entries_of(obj: Object) -> list[Mapping[str, Any]]:
    """The entries of managedFields as the server wrote them."""
    return list((obj.get("metadata") or {}).get("managedFields") or ())


def fields_of(entry: Mapping[str, Any]) -> FieldSet:
    fields: FieldSet = entry.get("fieldsV1") or {}
    return fields


def is_apply_of(entry: Mapping[str, Any], manager: str) -> bool:
    """Whether this is what `manager` applied server-side (to the object itself, not to a subresource)."""
    return entry.get("operation") == "Apply" and entry.get("manager") == manager and not entry.get("subresource")


def applied_by(obj: Object, manager: str = "helm") -> FieldSet | None:
    """What `manager` applied server-side and still owns; None when it never applied this object."""
    for entry in entries_of(obj):
        if is_apply_of(entry, manager):
            return fields_of(entry)
    return None


def foreign_writers(obj: Object, manager: str = "helm") -> tuple[Writer, ...]:
    """Everybody else who owns fields, status excluded, in the server's order."""
    return tuple(
        Writer(
            str(entry.get("manager", "")),
            str(entry.get("operation", "")),
            str(entry.get("subresource") or ""),
            str(entry.get("time") or ""),
            fields_of(entry),
        )
        for entry in entries_of(obj)
        if entry.get("subresource") != "status" and not is_apply_of(entry, manager)
    )


def is_person(manager: str) -> bool:
    """True for the tools with which people change things by hand: what they write is drift, not cooperation."""
    return manager.lower().startswith(PEOPLE)


def pointers_for(rules: Sequence[IgnoreRule], ref: ObjectRef) -> tuple[str, ...]:
    """The JSON pointers of all rules that speak of this object."""
    return tuple(
        pointer
        for rule in rules
        if fnmatchcase(ref.kind, rule.kind)
        and fnmatchcase(ref.name, rule.name)
        and (rule.namespace in ("", "*") or fnmatchcase(ref.namespace, rule.namespace))
        for pointer in rule.pointers
    )


def yields(obj: Object, manager: str = "helm", pointers: Iterable[str] = ()) -> tuple[FieldPath, ...]:
    """The fields that others own and that we neither fight over nor call drift.

    These are the fields that a controller sets through the `scale` subresource (an autoscaler's replicas; a person's
    `kubectl scale` is not excused), and those that `pointers` name and somebody else owns. In a pointer `*` stands for
    every key or item of one level; a number is an index and needs the list itself, not only the object's metadata.
    """
    found: dict[FieldPath, None] = {}
    for writer in foreign_writers(obj, manager):
        if writer.subresource == "scale" and not is_person(writer.manager):
            found.update(dict.fromkeys(leaves(writer.fields)))
        for pointer in pointers:
            found.update(dict.fromkeys(_owned_at(writer.fields, _split(pointer), obj)))
    return tuple(found)


def with_excused(fields: FieldSet, paths: Iterable[FieldPath]) -> FieldSet:
    """The set as it would be, had the excused paths not gone to others."""
    for path in paths:
        fields = union(fields, as_set(path))
    return fields


def still_ours(stored: str, fields: FieldSet, excused: Sequence[FieldPath] = ()) -> bool:
    """Whether a stored fingerprint fits the set of today, when nothing but excused paths was lost.

    Excused paths may be ones that we never set (an autoscaler's replicas in a chart without replicas), so subsets are
    tried, of the first eight paths; beyond that the answer may be a wrong no, which costs a closer look, never a wrong
    yes.
    """
    if fingerprint(fields) == stored:
        return True
    if not excused:
        return False
    if fingerprint(with_excused(fields, excused)) == stored:
        return True
    few = excused[:_SUBSETS_UP_TO]
    return any(
        fingerprint(with_excused(fields, some)) == stored
        for size in range(1, len(few))
        for some in combinations(few, size)
    )


def without_paths(obj: Object, paths: Iterable[FieldPath]) -> Object:
    """The object without these fields; copies only the branches that lead to them."""
    for path in paths:
        obj = _remove(obj, path)
    return obj


def _split(pointer: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _owned_at(fields: FieldSet, segments: tuple[str, ...], node: Any, prefix: FieldPath = ()) -> Iterator[FieldPath]:
    """The owned leaves at and below a pointer; an atomic value that holds the place counts as a whole."""
    if not segments:
        yield from _own_leaves(fields, prefix)
        return
    head, rest = segments[0], segments[1:]
    for element, child in fields.items():
        if element == "." or not _fits(element, head, node):
            continue
        path = (*prefix, element)
        if not child:
            yield path
        else:
            yield from _owned_at(child, rest, _step(node, element), path)


def _own_leaves(fields: FieldSet, prefix: FieldPath) -> Iterator[FieldPath]:
    """Leaves without the merge keys of list items: an item that loses its key can't be applied."""
    for path in leaves(fields, prefix):
        parent = path[-2] if len(path) > 1 else ""
        if path[-1].removeprefix("f:") not in item_keys(parent):
            yield path


def _fits(element: str, segment: str, node: Any) -> bool:
    if segment == "*" or element in (f"f:{segment}", f"i:{segment}"):
        return True
    if element.startswith("f:") or not segment.isdigit() or not isinstance(node, list):
        return False
    return find_item(node, element) == int(segment)


def _step(node: Any, element: str) -> Any:
    if element.startswith("f:"):
        return node.get(element[2:]) if isinstance(node, dict) else None
    if not isinstance(node, list):
        return None
    index = find_item(node, element)
    return None if index is None else node[index]


def _remove(node: Any, path: FieldPath) -> Any:
    element, rest = path[0], path[1:]
    if element.startswith("f:"):
        name = element[2:]
        if not isinstance(node, dict) or name not in node:
            return node
        if not rest:
            return {key: value for key, value in node.items() if key != name}
        smaller = _remove(node[name], rest)
        return node if smaller is node[name] else {**node, name: smaller}
    if not isinstance(node, list):
        return node
    index = find_item(node, element)
    if index is None:
        return node
    if not rest:
        return [*node[:index], *node[index + 1 :]]
    smaller = _remove(node[index], rest)
    return node if smaller is node[index] else [*node[:index], smaller, *node[index + 1 :]]
