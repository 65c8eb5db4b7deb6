"""Objects that helm 3 or kubectl applied client-side: their fields become ours first, or they would stay for ever.

A server-side apply removes only fields that its own manager applied before. The rule not to break: taking over changes
nobody's values, only whose they are.

Source: client-go's csaupgrade package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fairway.domain.manifests.field_sets import (
    FieldPath,
    FieldSet,
    find_item,
    union,
    without,
)
from fairway.domain.manifests.managed_fields import (
    applied_by,
    entries_of,
    fields_of,
    is_apply_of,
    without_paths,
)
from fairway.domain.manifests.objects import Object

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

CLIENT_SIDE_MANAGERS = frozenset(
    {
        "helm",
        "helm3",
        "helmfile",
        "Go-http-client",
        "before-first-apply",
        "deployd",
        "helm-controller",
        "helm-operator",
        "kubecd",
        "kubectl-client-side-apply",
        "kubectl-create",
        "kubectl-replace",
        "pulumi-kubernetes",
        "shipit-operator",
        "terraform-provider-helm",
    }
)
"""Managers whose plain updates declare whole objects; what they set is taken over when we apply the object."""


def needs_takeover(obj: Object, manager: str = "helm") -> bool:
    """Whether fields are still owned by a client-side apply of `manager` or of a known tool of its kind."""
    return any(_is_client_side(entry, manager) for entry in entries_of(obj))


def takeover_patch(obj: Object, manager: str = "helm") -> list[dict[str, Any]]:
    """A JSON patch that gives `manager`'s Apply entry all that client-side appliers own; empty when there is nothing.

    The patch carries the resourceVersion that was read, so that the server answers 409 when the object moved. The
    annotation in which kubectl keeps its last configuration goes, since it would be wrong from now on.
    """
    entries = entries_of(obj)
    moving = [entry for entry in entries if _is_client_side(entry, manager)]
    if not moving:
        return []
    own = next((entry for entry in entries if is_apply_of(entry, manager)), None)
    newest = own if own is not None else max(moving, key=lambda entry: str(entry.get("time") or ""))
    applied = {**newest, "manager": manager, "operation": "Apply", "fieldsV1": _taken(obj, manager)}
    kept = [entry for entry in entries if entry is not own and not _is_client_side(entry, manager)]
    metadata = obj.get("metadata") or {}
    operations: list[dict[str, Any]] = [
        {"op": "replace", "path": "/metadata/managedFields", "value": [*kept, applied]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata.get("resourceVersion", "")},
    ]
    if LAST_APPLIED in (metadata.get("annotations") or {}):
        operations.append({"op": "remove", "path": f"/metadata/annotations/{LAST_APPLIED.replace('/', '~1')}"})
    return operations


def after_takeover(live: Object, dry_run: Object, before: Sequence[Object], manager: str = "helm") -> Object:
    """What an apply stores once ownership has moved, from a dry run that could not move it.

    Fields go that client-side appliers own, the dry run no longer applies and nobody else owns, as far as one of the
    `before` manifests declared them: client-side appliers own the server's defaults too, and those come back.
    """
    if not needs_takeover(live, manager):
        return dry_run
    ours: FieldSet = applied_by(dry_run, manager) or {}
    others: FieldSet = {}
    for entry in entries_of(live):
        if not _is_client_side(entry, manager) and not is_apply_of(entry, manager):
            others = union(others, fields_of(entry))
    gone = _only_in(_taken(live, manager), ours, others)
    return without_paths(dry_run, [path for path in gone if any(_declares(obj, path) for obj in before)])


def _taken(obj: Object, manager: str) -> FieldSet:
    fields: FieldSet = {}
    for entry in entries_of(obj):
        if _is_client_side(entry, manager) or is_apply_of(entry, manager):
            fields = union(fields, fields_of(entry))
    return without(fields, ("f:metadata", "f:annotations", f"f:{LAST_APPLIED}"))


def _is_client_side(entry: Mapping[str, Any], manager: str) -> bool:
    name = entry.get("manager")
    known = name == manager or name in CLIENT_SIDE_MANAGERS
    return known and entry.get("operation") == "Update" and not entry.get("subresource")


def _only_in(taken: FieldSet, ours: FieldSet, others: FieldSet, prefix: FieldPath = ()) -> Iterator[FieldPath]:
    """The topmost paths of `taken` that neither of the others knows."""
    for element, child in taken.items():
        if element == ".":
            continue
        path = (*prefix, element)
        if element not in ours and element not in others:
            yield path
        elif child and (ours.get(element) or others.get(element)):
            yield from _only_in(child, ours.get(element, {}), others.get(element, {}), path)


def _declares(obj: Any, path: Iterable[str]) -> bool:
    for element in path:
        if element.startswith("f:"):
            if not isinstance(obj, dict) or element[2:] not in obj:
                return False
            obj = obj[element[2:]]
        else:
            index = find_item(obj, element) if isinstance(obj, list) else None
            if index is None:
                return False
            obj = obj[index]
    return True
