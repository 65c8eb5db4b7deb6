"""`patches` and `listMerge`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairway.domain.repository.models import ListMerge, ListMergeRule, Patch, PatchKind
from fairway.domain.repository.resolving.context import Context
from fairway.domain.repository.sites import Site
from fairway.domain.repository.written.releases import ListMergeEntry, PatchEntry, TargetEntry

_OPERATIONS = {"add": "value", "replace": "value", "test": "value", "remove": None, "move": "from", "copy": "from"}


def resolve_patches(entries: Sequence[PatchEntry], site: Site, context: Context) -> tuple[Patch, ...]:
    patches = []
    for index, entry in enumerate(entries):
        here = site.into(index)
        if len(here.given("json6902", "strategicMerge")) != 1:
            message = "a patch needs exactly one of json6902 and strategicMerge"
            context.findings.error("bad-patch", message, here.at())
        elif entry.json6902 is not None:
            if entry.target is None:
                message = "a json6902 patch needs a target"
                context.findings.error("bad-patch", message, here.at(), "add target: {kind: Deployment, name: web}")
            _check_operations(entry.json6902, here.into("json6902"), context)
            patches.append(_patch(PatchKind.JSON, entry.json6902, entry.target or TargetEntry(), here))
        elif entry.strategic_merge is not None:
            body = entry.strategic_merge
            target = entry.target or _target_of(body)
            if entry.target is None and not target.kind:
                message = "a strategicMerge patch without target needs a kind"
                context.findings.error("bad-patch", message, here.at(), "add kind and metadata.name, or a target")
            patches.append(_patch(PatchKind.STRATEGIC, body, target, here))
    return tuple(patches)


def _patch(kind: PatchKind, body: Any, target: TargetEntry, site: Site) -> Patch:
    return Patch(kind, body, site.at(), target.kind, target.name, target.namespace, target.labels)


def _target_of(body: Mapping[str, Any]) -> TargetEntry:
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    fields = {"kind": body.get("kind"), "name": metadata.get("name"), "namespace": metadata.get("namespace")}
    return TargetEntry(**{key: value for key, value in fields.items() if isinstance(value, str)})  # type: ignore[arg-type]


def _check_operations(operations: Sequence[Mapping[str, Any]], site: Site, context: Context) -> None:
    for index, operation in enumerate(operations):
        name = operation.get("op")
        path = operation.get("path")
        if not isinstance(name, str) or name not in _OPERATIONS:
            message = f"no such operation {name!r}" if name is not None else "the operation has no op"
            context.findings.error("bad-patch", message, site.at(index), f"one of {', '.join(_OPERATIONS)}")
            continue
        if not isinstance(path, str) or (path and not path.startswith("/")):
            message = f"path {path!r} is no JSON pointer" if path is not None else "the operation has no path"
            context.findings.error("bad-patch", message, site.at(index, "path"), "write e.g. /spec/replicas")
        needed = _OPERATIONS[name]
        if needed and needed not in operation:
            context.findings.error("bad-patch", f'the operation "{name}" needs "{needed}"', site.at(index))


def resolve_list_merge(entries: Mapping[str, ListMergeEntry], site: Site, context: Context) -> tuple[ListMerge, ...]:
    rules = []
    for path, entry in entries.items():
        if entry.rule is not None and entry.by_key is None:
            rules.append(ListMerge(path, ListMergeRule(entry.rule)))
        elif entry.by_key is not None and entry.rule is None:
            rules.append(ListMerge(path, ListMergeRule.BY_KEY, entry.by_key))
        else:
            fix = "write replace, append, or {byKey: name}"
            context.findings.error("bad-list-merge", f'listMerge "{path}" is not exactly one rule', site.at(path), fix)
    return tuple(rules)
