"""What each kind of write makes of an object and of the ownership of its fields.

The rule not to break: these functions decide and never store. Source: the API server's managedFields for Apply and
Update operations.
"""

from __future__ import annotations

from typing import Any

from fairway.adapters.kube.memory.field_ownership import (
    changed_fields,
    conflicts,
    fields_of,
    merged,
    remove_paths,
    text_of,
    without_given_up,
)
from fairway.adapters.kube.memory.kinds import IMMUTABLE
from fairway.domain.kube_errors import Cause, Conflict, InvalidObject
from fairway.domain.manifests.field_sets import FieldSet, fingerprint, leaves, union
from fairway.domain.manifests.objects import Object, ObjectRef

_VOLATILE = ("resourceVersion", "managedFields", "generation", "uid", "creationTimestamp")


def applied(live: Object | None, desired: Object, manager: str, *, force: bool, now: str, what: str) -> Object:
    """Server-side apply. Raises Conflict when somebody else owns a field with another value and `force` is off."""
    fields = fields_of(desired)
    if live is None:
        return _with_entries(desired, [_entry(manager, "Apply", desired, fields, now)])
    entries = _entries(live)
    own = next((e for e in entries if e["operation"] == "Apply" and e["manager"] == manager), None)
    others = [entry for entry in entries if entry is not own]
    hits = list(conflicts(live, desired, fields, {e["manager"]: e["fieldsV1"] for e in others}))
    if hits and not force:
        causes = tuple(Cause("FieldManagerConflict", f'conflict with "{who}"', text_of(path)) for who, path in hits)
        raise Conflict(f"{what}: Apply failed with {len(hits)} conflicts", status=409, reason="Conflict", causes=causes)
    others = _without(others, [path for _, path in hits])
    new = merged(live, desired)
    if own is not None:
        new = without_given_up(new, own["fieldsV1"], fields, [e["fieldsV1"] for e in others])
    if own is not None and fingerprint(own["fieldsV1"]) == fingerprint(fields) and not hits:
        return _with_entries(new, entries)
    return _with_entries(new, [*others, _entry(manager, "Apply", desired, fields, now)])


def updated(live: Object | None, new: Object, manager: str, *, now: str) -> Object:
    """A plain write: what it changes belongs to the writer from now on, unless it brings managedFields of its own."""
    given = (new.get("metadata") or {}).get("managedFields")
    entries = _entries(live) if live is not None else []
    if given and given != entries:
        entries = given
    changed = changed_fields(live or {}, new)
    if not changed:
        return _with_entries(new, entries)
    entries = _without(entries, list(leaves(changed)))
    own = next((e for e in entries if e["operation"] == "Update" and e["manager"] == manager), None)
    fields = union(own["fieldsV1"], changed) if own is not None else changed
    kept = [entry for entry in entries if entry is not own]
    return _with_entries(new, [*kept, _entry(manager, "Update", new, fields, now)])


def patched(live: Object, patch: Any, content_type: str, what: str) -> Object:
    """The object after a JSON or merge patch. Raises InvalidObject when the patch does not fit."""
    if content_type == "application/json-patch+json":
        import jsonpatch

        try:
            result: Object = jsonpatch.apply_patch(live, patch)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise InvalidObject(f"{what}: the patch does not fit: {error}", status=422, reason="Invalid") from error
        return result
    if content_type == "application/merge-patch+json":
        merged_object: Object = _merge_patch(live, patch)
        return merged_object
    raise InvalidObject(f"{what}: patches of type {content_type} are not known", status=415)


def refuse_immutable(ref: ObjectRef, live: Object, new: Object) -> None:
    """Raises InvalidObject that names every field which Kubernetes does not change in place."""
    paths = IMMUTABLE.get(ref.key.kind, ())
    if live.get("immutable") and ref.kind in ("ConfigMap", "Secret"):
        paths = (*paths, ("data",), ("immutable",))
    causes = tuple(
        Cause("FieldValueInvalid", "Invalid value: field is immutable", ".".join(path))
        for path in paths
        if (before := _value(live, path)) is not None and before != _value(new, path)
    )
    if causes:
        fields = ", ".join(cause.field for cause in causes)
        message = f'{ref.kind} "{ref.name}" is invalid: {fields}: field is immutable'
        raise InvalidObject(message, status=422, reason="Invalid", causes=causes)


def same(old: Object, new: Object) -> bool:
    """Whether a write changes nothing: then the server keeps the resourceVersion."""
    return _essence(old) == _essence(new) and _owners(old) == _owners(new)


def _essence(obj: Object) -> Object:
    return {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k not in _VOLATILE}}


def _owners(obj: Object) -> list[tuple[str, str, str]]:
    return [(e["manager"], e["operation"], fingerprint(e["fieldsV1"])) for e in _entries(obj)]


def _entries(obj: Object) -> list[dict[str, Any]]:
    return list((obj.get("metadata") or {}).get("managedFields") or ())


def _entry(manager: str, operation: str, obj: Object, fields: FieldSet, now: str) -> dict[str, Any]:
    version = obj.get("apiVersion", "")
    head = {"manager": manager, "operation": operation, "apiVersion": version, "time": now}
    return {**head, "fieldsType": "FieldsV1", "fieldsV1": fields}


def _with_entries(obj: Object, entries: list[dict[str, Any]]) -> Object:
    return {**obj, "metadata": {**(obj.get("metadata") or {}), "managedFields": entries}}


def _without(entries: list[dict[str, Any]], paths: list[Any]) -> list[dict[str, Any]]:
    """Entries that own none of the paths; those that own nothing any more are gone."""
    smaller = [{**entry, "fieldsV1": remove_paths(entry["fieldsV1"], paths)} for entry in entries]
    return [entry for entry in smaller if any(leaves(entry["fieldsV1"]))]


def _merge_patch(live: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(live) if isinstance(live, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merge_patch(result.get(name), value)
    return result


def _value(obj: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj
