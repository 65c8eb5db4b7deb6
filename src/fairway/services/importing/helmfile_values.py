"""The values of a helmfile's release in our layers: at most one file, and assignments above it.

The rule not to break: what helm would have got is what Fairway passes on: text in `values` is written so that nothing
in it is interpolated, and what cannot be written so goes into a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairway.domain import yaml
from fairway.domain.errors import UserError
from fairway.domain.repository.placeholders import BUILT_IN, PLACEHOLDER
from fairway.domain.values.merging import merge
from fairway.domain.values.paths import format_path
from fairway.services.importing.helmfile_state import first_templated

MOST_INLINE = 20
"""More assignments than this are easier to read in a file."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d*)", re.ASCII)


@dataclass(slots=True)
class ReleaseLayers:
    """`file`: the one existing values file below everything; `merged`: content for a new file instead of it."""

    file: Path | None = None
    merged: dict[str, Any] | None = None
    values: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def layers_of(release: Mapping[str, Any], folder: Path) -> ReleaseLayers:
    """Convert `values`, `set` and `setString` of a release; paths are relative to `folder`."""
    out = ReleaseLayers()
    found = list(_layers(_list(release.get("values")), folder, out.notes))
    assignments = [*_set(_list(release.get("set")), folder), *_set(_list(release.get("setString")), folder, text=True)]
    files = [layer for layer in found if isinstance(layer, Path)]
    inline = [entry for layer in found if isinstance(layer, Mapping) for entry in _flat(layer, ())]
    simple = not files or (len(files) == 1 and found[0] == files[0])
    if simple and len(inline) <= MOST_INLINE and not any(_interpolates(entry["value"]) for entry in inline):
        out.file = files[0] if files else None
        out.values = [{"key": entry["key"], "value": _escaped(entry["value"])} for entry in inline] + assignments
        return out
    out.merged = _merged(found, out.notes)
    if files:
        names = ", ".join(os.path.relpath(path, folder) for path in files)
        out.notes.append(f"its values file is merged from {names} and inline values; comments are not in it")
    out.values = assignments
    return out


def _layers(items: Sequence[Any], folder: Path, notes: list[str]) -> Iterator[Path | Mapping[str, Any]]:
    for item in items:
        if isinstance(item, Mapping):
            if item:
                yield item
            continue
        path = folder / str(item)
        if not path.is_file():
            notes.append(f"the values file {item} does not exist here: left out")
        elif path.suffix == ".gotmpl" or first_templated(_text(path)):
            notes.append(f"the values file {item} is a Go template: fill it in with helmfile write-values; left out")
        else:
            yield path


def _merged(layers: Sequence[Path | Mapping[str, Any]], notes: list[str]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        content = yaml.load(_text(layer), str(layer)) if isinstance(layer, Path) else layer
        if isinstance(content, Mapping) and isinstance(content.get("sops"), Mapping):
            notes.append(f"{layer} is encrypted and can't be merged with others: left out; make it the only valuesFile")
        elif isinstance(content, Mapping):
            merged = merge(merged, content)
    return merged


def _flat(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Maps merge in Helm, so each leaf is an assignment of its own."""
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _flat(item, (*path, str(key)))
        else:
            yield {"key": format_path((*path, str(key))), "value": item}


def _set(items: Sequence[Any], folder: Path, *, text: bool = False) -> Iterator[dict[str, Any]]:
    """`set` as helm takes it: `true`, `null` and whole numbers in text are what they look like."""
    for item in items:
        if not isinstance(item, Mapping) or "name" not in item:
            continue
        key = str(item["name"])
        if "file" in item:
            yield {"key": key, "valueFrom": {"file": {"path": str(folder / str(item["file"]))}}}
        elif "values" in item:
            yield {"key": key, "value": [_escaped(_coerced(one, text)) for one in _list(item["values"])]}
        else:
            yield {"key": key, "value": _escaped(_coerced(item.get("value"), text))}


def _coerced(value: Any, text: bool) -> Any:
    if text:
        return value if isinstance(value, str) else yaml.dump(value).strip().removesuffix("\n...")
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    if value == "null":
        return None
    return int(value) if _INTEGER.fullmatch(value) and not value.startswith("+") else value


def _interpolates(value: Any) -> bool:
    """Whether a placeholder stands in a text: it cannot be written so that it stays."""
    if isinstance(value, str):
        return any(name in BUILT_IN for name in PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return any(_interpolates(item) for item in value.values())
    return isinstance(value, list) and any(_interpolates(item) for item in value)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
