"""Strategic merge patches, as kubectl and kustomize apply them to built-in kinds.

Maps merge, lists replace, unless Kubernetes declares a merge key for the list. Directives: `$patch: delete | replace |
merge`, `$deleteFromPrimitiveList/<field>`, `$retainKeys`; `$setElementOrder/<field>` is ignored. A null deletes. The
rule not to break: neither the object nor the patch is changed.

Source: k8s.io/apimachinery/pkg/util/strategicpatch, and RFC 7386 for kinds that Kubernetes does not declare.
"""

from __future__ import annotations

from typing import Any

from fairway.domain.manifests.merge_keys import BUILT_IN_GROUPS, patch_key
from fairway.domain.manifests.objects import Object, group_of

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"


def merge(obj: Object, patch: Object) -> Object | None:
    """The patched object; None when the patch deletes it as a whole.

    Raises ValueError with a sentence for people, when a directive or a list item makes no sense.
    """
    if patch.get(_PATCH) == "delete":
        return None
    if group_of(str(obj.get("apiVersion", ""))) not in BUILT_IN_GROUPS:
        merged: Object = _json_merge(obj, {name: value for name, value in patch.items() if name != _PATCH})
    else:
        merged = _merge_map(obj, patch, ())
    return merged


def _merge_map(old: Any, patch: Object, path: tuple[str, ...]) -> Any:
    directive = patch.get(_PATCH, "merge")
    if directive not in ("merge", "replace"):
        raise ValueError(f"{_place(path)}: $patch: {directive} is not known here; use merge, replace or delete")
    if directive == "replace" or not isinstance(old, dict):
        old = {}
    merged = dict(old)
    if _RETAIN in patch:
        retained = {str(name) for name in _as_list(patch[_RETAIN], path, _RETAIN)}
        merged = {name: value for name, value in merged.items() if name in retained}
    for name, value in patch.items():
        if name in (_PATCH, _RETAIN) or name.startswith(_ORDER):
            continue
        if name.startswith(_DELETE_FROM):
            _delete_from(merged, name.removeprefix(_DELETE_FROM), _as_list(value, path, name))
        elif value is None or (isinstance(value, dict) and value.get(_PATCH) == "delete"):
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = _merge_map(merged.get(name), value, (*path, name))
        elif isinstance(value, list):
            merged[name] = _merge_list(merged.get(name), value, (*path, name))
        else:
            merged[name] = value
    return merged


def _merge_list(old: Any, patch: list[Any], path: tuple[str, ...]) -> list[Any]:
    replaces = any(isinstance(item, dict) and item.get(_PATCH) == "replace" and len(item) == 1 for item in patch)
    if replaces:
        return [item for item in patch if not (isinstance(item, dict) and item.get(_PATCH) == "replace")]
    key = patch_key(path)
    items = list(old) if isinstance(old, list) else []
    if key is None:
        if any(isinstance(item, dict) and _PATCH in item for item in patch):
            raise ValueError(f"{_place(path)}: its items have no merge key, so $patch can't name one of them")
        return [_clean(item) for item in patch]
    if not key:
        wanted = list({repr(item): item for item in patch}.values())
        return _in_order([item for item in items if item not in wanted], wanted, items)
    return _merge_items(items, patch, key, path)


def _merge_items(items: list[Any], patch: list[Any], key: str, path: tuple[str, ...]) -> list[Any]:
    merged: list[Any] = []
    gone: list[Any] = []
    for change in patch:
        if not isinstance(change, dict) or key not in change:
            raise ValueError(f'{_place(path)}: an item lacks its merge key "{key}"')
        wanted = change[key]
        if change.get(_PATCH) == "delete":
            gone.append(wanted)
            continue
        known = [item for item in items if _has(item, key, wanted)]
        merged += [_merge_map(item, change, path) for item in known[:1] or [{}]] + known[1:]
    named = [*gone, *(item.get(key) for item in merged)]
    others = [item for item in items if not (isinstance(item, dict) and item.get(key) in named)]
    return _in_order(others, merged, items, key)


def _in_order(others: list[Any], patched: list[Any], before: list[Any], key: str = "") -> list[Any]:
    """Patched items in the patch's order, others in their own; an other one goes first only where it always stood.

    Source: mergeSortedSlice in apimachinery's strategicpatch.
    """

    def place(item: Any) -> int:
        identity = item.get(key) if key else item
        return next((n for n, old in enumerate(before) if (_has(old, key, identity) if key else old == identity)), -1)

    rest, ordered = list(others), []
    for item in patched:
        now = place(item)
        while rest and 0 <= place(rest[0]) < now:
            ordered.append(rest.pop(0))
        ordered.append(item)
    return ordered + rest


def _delete_from(merged: Object, name: str, gone: list[Any]) -> None:
    if isinstance(merged.get(name), list):
        merged[name] = [item for item in merged[name] if item not in gone]


def _json_merge(old: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _json_merge(merged.get(name), value)
    return merged


def _clean(value: Any) -> Any:
    """A new value without the nulls and directives that only mean something in a patch."""
    return _merge_map({}, value, ()) if isinstance(value, dict) else value


def _has(item: Any, key: str, wanted: Any) -> bool:
    return isinstance(item, dict) and bool(item.get(key) == wanted)


def _as_list(value: Any, path: tuple[str, ...], directive: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{_place(path)}: {directive} needs a list")
    return value


def _place(path: tuple[str, ...]) -> str:
    return ".".join(path) or "the object"
