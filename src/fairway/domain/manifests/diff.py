"""What differs between two states of an object, field by field, for people to read.

Meant for a live object and the answer of a server-side dry run, so that defaults are on both sides. The rule not to
break: nothing that is secret leaves here; values of Secrets become `MASKED`, known secret texts are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher, unified_diff
from typing import Any

import orjson

from fairway.domain.manifests.masking import is_secret, without_secrets
from fairway.domain.manifests.merge_keys import Keys, compare_keys, identity, identity_text
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.takeover import LAST_APPLIED
from fairway.domain.releases.plan import ABSENT, MASKED, FieldChange
from fairway.domain.values.secrets import MASK, SecretRegister

_SERVER_SET = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
_SERVER_ANNOTATIONS = (LAST_APPLIED, "deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation")
_SECRET_PARTS = ("data", "stringData", "binaryData", "spec")

MOST_MASKS = 3
"""More than these in one text are not compared with the other side: matching would take too long."""

Names = tuple[str, ...]


def differences(
    old: Object | None, new: Object | None, *, secrets: SecretRegister | None = None, secret: bool = False
) -> tuple[FieldChange, ...]:
    """The fields that differ, in path order; a missing object is the empty one.

    Left out is what the server sets by itself: status, managedFields, resourceVersion, generation, uid, timestamps, the
    annotations of its controllers, and kubectl's last-applied annotation. `secret` masks the whole object, as it is
    done by itself for Secrets; elsewhere what sounds secret and what `secrets` knows is replaced in the values.
    """
    found: list[FieldChange] = []
    _compare_maps(_essence(old), _essence(new), "", (), found)
    if secret or is_secret(old) or is_secret(new):
        found = [_masked(change) for change in _by_key(found)]
    return tuple(_shown_change(change, secrets) for change in found)


def masked_keys(changes: Iterable[FieldChange]) -> int:
    """How many keys of a Secret change: the changes that are masked."""
    return sum(1 for change in changes if MASKED in (change.old, change.new))


def changed_lines(old: str, new: str, *, context: int = 2, limit: int = 40) -> tuple[str, ...]:
    """A unified diff of two texts without file headers: lines begin with ` `, `-`, `+` or `@@`.

    More than `limit` lines are cut, and the last line then says how many are missing.
    """
    lines = list(unified_diff(old.splitlines(), new.splitlines(), n=context, lineterm=""))[2:]
    if len(lines) <= limit:
        return tuple(lines)
    return (*lines[:limit], f"… {len(lines) - limit} more lines")


def _essence(obj: Object | None) -> Object:
    if not obj:
        return {}
    kept = {name: value for name, value in obj.items() if name != "status"}
    metadata = {name: value for name, value in (obj.get("metadata") or {}).items() if name not in _SERVER_SET}
    annotations = metadata.get("annotations")
    if annotations:
        metadata["annotations"] = {name: v for name, v in annotations.items() if name not in _SERVER_ANNOTATIONS}
    if not metadata.get("annotations"):
        metadata.pop("annotations", None)
    return {**kept, "metadata": metadata} if "metadata" in kept else kept


def _compare(old: Any, new: Any, path: str, names: Names, found: list[FieldChange]) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        _compare_maps(old, new, path, names, found)
    elif isinstance(old, list) and isinstance(new, list):
        _compare_lists(old, new, path, names, found)
    elif not _same(old, new):
        found.append(FieldChange(path, old, new))


def _compare_maps(old: Object, new: Object, path: str, names: Names, found: list[FieldChange]) -> None:
    for name in sorted(old.keys() | new.keys()):
        place = _below(path, name)
        if name not in new:
            found.append(FieldChange(place, old[name], ABSENT))
        elif name not in old:
            found.append(FieldChange(place, ABSENT, new[name]))
        else:
            _compare(old[name], new[name], place, (*names, name), found)


def _compare_lists(old: list[Any], new: list[Any], path: str, names: Names, found: list[FieldChange]) -> None:
    keys = compare_keys(names, old, new)
    if keys:
        _compare_keyed(old, new, keys, path, names, found)
    else:
        _compare_ordered(old, new, path, names, found)


def _compare_keyed(
    old: list[Any], new: list[Any], keys: Keys, path: str, names: Names, found: list[FieldChange]
) -> None:
    before = {identity(item, keys): item for item in old}
    after = {identity(item, keys): item for item in new}
    for key, item in before.items():
        place = f"{path}[{identity_text(item, keys)}]"
        if key in after:
            _compare(item, after[key], place, names, found)
        else:
            found.append(FieldChange(place, item, ABSENT))
    found.extend(
        FieldChange(f"{path}[{identity_text(item, keys)}]", ABSENT, item)
        for key, item in after.items()
        if key not in before
    )
    order_before = [identity_text(item, keys) for key, item in before.items() if key in after]
    order_after = [identity_text(item, keys) for key, item in after.items() if key in before]
    if order_before != order_after:
        found.append(FieldChange(f"{path} (order)", order_before, order_after))


def _compare_ordered(old: list[Any], new: list[Any], path: str, names: Names, found: list[FieldChange]) -> None:
    """Items by longest common run; what stands in place of something else is compared with it, field by field."""
    matcher = SequenceMatcher(None, [_frozen(item) for item in old], [_frozen(item) for item in new], autojunk=False)
    for operation, i, i_end, j, j_end in matcher.get_opcodes():
        if operation == "equal":
            continue
        paired = min(i_end - i, j_end - j)
        for n in range(paired):
            _compare(old[i + n], new[j + n], f"{path}[{j + n}]", names, found)
        found.extend(FieldChange(f"{path}[{n}]", old[n], ABSENT) for n in range(i + paired, i_end))
        found.extend(FieldChange(f"{path}[{n}]", ABSENT, new[n]) for n in range(j + paired, j_end))


def _by_key(changes: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """Takes apart the secret maps that came or went as a whole, so that each key is counted."""
    for change in changes:
        whole = change.old if change.new is ABSENT else change.new
        if change.path in _SECRET_PARTS and isinstance(whole, dict):
            for name in sorted(whole):
                yield FieldChange(
                    _below(change.path, name),
                    ABSENT if change.old is ABSENT else whole[name],
                    ABSENT if change.new is ABSENT else whole[name],
                )
        else:
            yield change


def _masked(change: FieldChange) -> FieldChange:
    if not change.path.startswith(_SECRET_PARTS):
        return change
    old, new = (side if side is ABSENT else MASKED for side in (change.old, change.new))
    return replace(change, old=old, new=new)


def _shown_change(change: FieldChange, secrets: SecretRegister | None) -> FieldChange:
    """Where a field holds a secret now, it held another one before, though nothing here may know that one."""
    old, new = _shown(change.old, change.path, secrets), _shown(change.new, change.path, secrets)
    return replace(change, old=_hidden_like(old, new), new=_hidden_like(new, old))


def _hidden_like(value: Any, other: Any) -> Any:
    """`value` as masked as `other`, when it differs from it only where that one is masked."""
    if not (isinstance(value, str) and isinstance(other, str) and 0 < other.count(MASK) <= MOST_MASKS):
        return value
    pattern = ".+?".join(re.escape(part) for part in other.split(MASK))
    return other if re.fullmatch(pattern, value, re.DOTALL) else value


def _shown(value: Any, path: str, secrets: SecretRegister | None) -> Any:
    if value is ABSENT or value is MASKED:
        return value
    shown = without_secrets(value, path)
    return shown if secrets is None else secrets.mask_tree(shown)


def _below(path: str, name: str) -> str:
    if "." in name or "/" in name or not name:
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name


def _same(old: Any, new: Any) -> bool:
    """JSON equality: 1 and 1.0 are the same number, true and 1 are not."""
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def _frozen(item: Any) -> bytes:
    return orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
