"""List items with which people took the place of ours: the port of a Service that somebody edited by hand.

A list item is known by its keys, so an edited key is an item of ours that went and one of theirs that came. Once ours
is back, both are there, which an API server may refuse. The rule not to break: theirs goes only where one of ours is
missing, and only when a person's tool put it there and nobody else shares it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fairway.domain.manifests.field_sets import FieldPath, FieldSet, as_set, find_item, union, without
from fairway.domain.manifests.managed_fields import entries_of, fields_of, is_apply_of, is_person
from fairway.domain.manifests.objects import Object


def displacing(desired: Object, live: Object) -> tuple[FieldPath, ...]:
    """The items that have to go; `live` may be metadata alone."""
    entries = entries_of(live)
    found: dict[FieldPath, None] = {}
    for entry in entries:
        if not is_person(str(entry.get("manager", ""))) or entry.get("subresource"):
            continue
        others = [fields_of(one) for one in entries if one is not entry]
        found.update(dict.fromkeys(_intruders(fields_of(entry), desired, others)))
    return tuple(found)


def displaced_patch(live: Object, paths: Sequence[FieldPath], manager: str = "helm") -> list[dict[str, Any]]:
    """A JSON patch that makes these items `manager`'s own, so that its next apply takes them away."""
    moved: list[dict[str, Any]] = []
    ours: FieldSet = {}
    for path in paths:
        # Whoever owns an item and does not apply it takes it away with all below it.
        ours = union(ours, as_set(path))
    for entry in entries_of(live):
        fields = fields_of(entry)
        if is_apply_of(entry, manager):
            moved.append({**entry, "fieldsV1": union(fields, ours)})
        elif is_person(str(entry.get("manager", ""))) and not entry.get("subresource"):
            for path in paths:
                fields = without(fields, path)
            if fields:
                moved.append({**entry, "fieldsV1": fields})
        else:
            moved.append(dict(entry))
    version = live["metadata"].get("resourceVersion", "")
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": moved},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]


def _intruders(
    theirs: FieldSet, desired: Any, others: Sequence[FieldSet], prefix: FieldPath = ()
) -> Iterator[FieldPath]:
    if isinstance(desired, list):
        owned = [element for fields in (theirs, *others) for element in fields if element.startswith("k:")]
        if all(any(find_item([item], element) == 0 for element in owned) for item in desired):
            return
        shared = {element for fields in others for element in fields}
        for element in theirs:
            if element.startswith("k:") and element not in shared and find_item(desired, element) is None:
                yield (*prefix, element)
    elif isinstance(desired, Mapping):
        for element, child in theirs.items():
            name = element.removeprefix("f:")
            if element.startswith("f:") and name in desired:
                below = [fields[element] for fields in others if element in fields]
                yield from _intruders(child, desired[name], below, (*prefix, element))
