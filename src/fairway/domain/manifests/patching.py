"""Applies a release's `patches` to its rendered objects: JSON 6902 and strategic merge, by kind, name and labels.

Patches apply in their order, each to what the ones before left. The rule not to break: a patch that matches nothing is
a mistake, because a target that was renamed would otherwise silently lose its patch.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from fairway.domain.errors import Diagnostic, InvalidInput
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.strategic import merge
from fairway.domain.repository.models import Patch, PatchKind


class Patched(NamedTuple):
    """An object after all patches: None when a patch deleted it; `changed` False when it is as rendered."""

    object: Object | None
    changed: bool


def apply_patches(
    objects: Iterable[tuple[str, Object]], patches: Sequence[Patch], *, namespace: str = ""
) -> list[Patched]:
    """One result for each (document text, object), in order. Given objects are not changed.

    `namespace` is the release's, for objects that name none. Raises `InvalidInput` with the position of every patch
    that matches nothing or can't be applied.
    """
    results = [Patched(obj, False) for _text, obj in objects]
    problems: list[Diagnostic] = []
    for patch in patches:
        matched = False
        for n, (obj, changed) in enumerate(results):
            if obj is None or not selects(patch, obj, namespace):
                continue
            matched = True
            try:
                after = _apply(patch, obj)
            except ValueError as error:
                problems.append(_failure(patch, obj, str(error)))
                continue
            results[n] = Patched(after, changed or after != obj)
        if not matched:
            problems.append(_no_match(patch, [r.object for r in results if r.object is not None]))
    if problems:
        raise InvalidInput(problems)
    return results


def selects(patch: Patch, obj: Object, namespace: str = "") -> bool:
    """Whether the patch speaks of the object. A strategic patch without target takes kind and name of its body."""
    metadata = obj.get("metadata") or {}
    kind, name, wanted_namespace = _target(patch)
    labels = metadata.get("labels") or {}
    return (
        fnmatchcase(str(obj.get("kind", "")), kind or "*")
        and fnmatchcase(str(metadata.get("name", "")), name or "*")
        and fnmatchcase(str(metadata.get("namespace") or namespace), wanted_namespace or "*")
        and all(labels.get(key) == value for key, value in patch.target_labels.items())
    )


def _target(patch: Patch) -> tuple[str, str, str]:
    named = (patch.target_kind, patch.target_name, patch.target_namespace)
    if any(named) or patch.target_labels or patch.kind is PatchKind.JSON or not isinstance(patch.body, dict):
        return named
    metadata = patch.body.get("metadata") or {}
    return str(patch.body.get("kind", "")), str(metadata.get("name", "")), str(metadata.get("namespace", ""))


def _apply(patch: Patch, obj: Object) -> Object | None:
    if patch.kind is PatchKind.STRATEGIC:
        if not isinstance(patch.body, dict):
            raise ValueError("a strategic merge patch is a partial object")
        return merge(obj, _without_identity(patch.body))
    return _json_patch(obj, patch.body)


def _without_identity(body: Object) -> Object:
    """In a strategic patch kind and name say what is meant; they never rename what a glob found."""
    rest = {name: value for name, value in body.items() if name not in ("apiVersion", "kind")}
    if isinstance(rest.get("metadata"), dict):
        rest["metadata"] = {k: v for k, v in rest["metadata"].items() if k not in ("name", "namespace")}
    return rest


def _json_patch(obj: Object, operations: Any) -> Object:
    """One operation after the other, so that a failure names its own; never a value, which may be a secret."""
    import jsonpatch
    from jsonpointer import JsonPointerException

    if not isinstance(operations, list):
        raise ValueError("a JSON 6902 patch is a list of operations")
    patched: Any = copy.deepcopy(obj)
    for number, operation in enumerate(operations, 1):
        try:
            patched = jsonpatch.apply_patch(patched, [operation], in_place=True)
        except jsonpatch.JsonPatchTestFailed as error:
            raise ValueError(f"{_named(number, operation)}: the object has another value there") from error
        except (jsonpatch.JsonPatchException, JsonPointerException, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{_named(number, operation)}: {_first_line(error)}") from error
    if not isinstance(patched, dict):
        raise ValueError("the patch leaves no object")
    return patched


def _named(number: int, operation: Any) -> str:
    if not isinstance(operation, dict):
        return f"operation {number}"
    return f"operation {number} ({operation.get('op', 'no op')} {operation.get('path', 'without path')})"


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else str(error)
    first = text.splitlines()[0] if text else type(error).__name__
    return first[:1].lower() + first[1:]


def _failure(patch: Patch, obj: Object, why: str) -> Diagnostic:
    metadata = obj.get("metadata") or {}
    return Diagnostic(
        f"the patch does not fit {obj.get('kind')} {metadata.get('name')}: {why}",
        patch.position,
        "compare the patch with the rendered object",
        rule="patch-fails",
    )


def _no_match(patch: Patch, objects: Sequence[Object]) -> Diagnostic:
    kind, name, namespace = _target(patch)
    parts = [
        f"kind {kind}" if kind else "",
        f"name {name}" if name else "",
        f"namespace {namespace}" if namespace else "",
    ]
    parts += [f"label {key}={value}" for key, value in patch.target_labels.items()]
    wanted = ", ".join(part for part in parts if part) or "anything"
    there = sorted({f"{obj.get('kind')} {(obj.get('metadata') or {}).get('name')}" for obj in objects})
    listed = ", ".join(there[:8]) + (f" and {len(there) - 8} more" if len(there) > 8 else "")
    return Diagnostic(
        f"the patch matches no object of the release ({wanted})",
        patch.position,
        f"the release has {listed}" if there else "the release has no objects",
        rule="patch-matches-nothing",
    )
