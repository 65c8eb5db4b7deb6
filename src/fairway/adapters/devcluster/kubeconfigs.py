"""Putting a cluster's context into the user's kubeconfig, and taking it out again.

The rule: only entries of the cluster's own name are touched, and the file is replaced whole or not at all.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import yaml

from fairway.domain.errors import Position, UserError


class _Loader(yaml.SafeLoader):
    """Leaves dates as the text that they are in a kubeconfig: writing them back must not change them."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

_LISTS = ("clusters", "users", "contexts")
_MERGED = "merged.json"


def merge(source: Path, target: Path) -> None:
    """Add or replace the entries of `source` in `target` by name.

    `target` is made when absent; its current-context is set only when it has none.
    """
    addition = _load(source)
    document = _load(target)
    for key in _LISTS:
        names = {entry["name"] for entry in addition[key]}
        kept = [entry for entry in _entries(document, key, target) if entry.get("name") not in names]
        document[key] = [*kept, *addition[key]]
    if not document.get("current-context"):
        document["current-context"] = addition["current-context"]
    document.setdefault("apiVersion", "v1")
    document.setdefault("kind", "Config")
    _store(target, document)


def remove(target: Path, name: str) -> bool:
    """Take the entries called `name` out of `target`; False when there were none."""
    if not target.is_file():
        return False
    document = _load(target)
    before = json.dumps(document, default=str)
    for key in _LISTS:
        if key in document:
            document[key] = [entry for entry in _entries(document, key, target) if entry.get("name") != name]
    if document.get("current-context") == name:
        document["current-context"] = ""
    if json.dumps(document, default=str) == before:
        return False
    _store(target, document)
    return True


def remember(folder: Path, target: Path) -> None:
    """Note in the cluster's folder that it was merged into `target`."""
    paths = sorted({str(path) for path in (*merged_into(folder), target.absolute())})
    (folder / _MERGED).write_text(json.dumps(paths), encoding="utf-8")


def merged_into(folder: Path) -> tuple[Path, ...]:
    """The kubeconfigs that the cluster was merged into."""
    try:
        return tuple(Path(path) for path in json.loads((folder / _MERGED).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return ()


def _load(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        return {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = Position(str(path), mark.line + 1, mark.column + 1) if mark else Position(str(path))
        raise _unreadable(where, str(error.problem)) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(Position(str(path)), str(error)) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _unreadable(Position(str(path)), "it is not a mapping")
    return document


def _entries(document: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    entries = document.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _unreadable(Position(str(path)), f"its {key} is not a list of mappings")
    return entries


def _unreadable(where: Position, why: str) -> UserError:
    return UserError(
        f"the kubeconfig cannot be read: {why}", where=where, fix="correct it, or name another file with --into"
    )


def _store(path: Path, document: dict[str, Any]) -> None:
    """Write with mode 0600 beside the file, or beside what a link leads to, and rename."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yaml.safe_dump(document, file, sort_keys=False)
        os.replace(fresh, path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
