"""Files of several YAML documents: each is edited as if it stood alone, at its own lines.

The rule not to break: only the bytes of one document change, and all documents are read before and after.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.events import DocumentStartEvent

from fairway.domain.errors import Position, UserError
from fairway.domain.upgrades.written import BOM, CannotEdit, decoded
from fairway.domain.yaml import Path, load_all
from fairway.domain.yaml.syntax import explain


@dataclass(frozen=True, slots=True)
class Slice:
    """One document of a file, from its `---` on; `padded` has as many empty lines before it as the file has lines."""

    start: int
    end: int
    line: int
    text: str

    @property
    def padded(self) -> str:
        return "\n" * self.line + self.text


def slices(data: bytes, file: str) -> list[Slice]:
    """The documents of a file. Raises UserError when it is not UTF-8, InvalidInput when it is not YAML."""
    text = decoded(data, file).removeprefix(BOM)
    starts = [0]
    try:
        parser = CParser(text)
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, DocumentStartEvent) and event.explicit and event.start_mark is not None:
                starts.append(event.start_mark.index)
    except yaml.YAMLError as error:
        raise explain(error, text, file) from error
    starts = sorted({text.rfind("\n", 0, start) + 1 for start in starts})
    ends = [*starts[1:], len(text)]
    return [Slice(a, b, text.count("\n", 0, a), text[a:b]) for a, b in zip(starts, ends, strict=True)]


def edit_document(
    data: bytes, file: str, number: int, path: Path, new: str, edit: Callable[[bytes, str, Path, str], bytes]
) -> bytes:
    """The file after `edit(document, file, path, new)` of one slice, every other byte as it was.

    Raises what `edit` raises, and CannotEdit when another document would read differently.
    """
    text = decoded(data, file)
    bare = text.removeprefix(BOM)
    part = slices(data, file)[number]
    edited = edit(part.padded.encode(), file, path, new).decode()
    after = bare[: part.start] + edited[part.line :] + bare[part.end :]
    expected = copy.deepcopy([_value(one, file) for one in slices(data, file)])
    _set(expected[number], path, new)
    try:
        same = [_value(one, file) for one in slices(after.encode(), file)] == expected
    except UserError:
        same = False
    if not same:
        message = "this document cannot be changed without changing how the others read"
        raise CannotEdit(message, where=Position(file, part.line + 1), fix="edit it by hand")
    return (BOM if text != bare else "").encode() + after.encode()


def _value(part: Slice, file: str) -> Any:
    found = load_all(part.text, file)
    return found[0] if found else None


def _set(value: Any, path: Path, new: str) -> None:
    for part in path[:-1]:
        if isinstance(value, dict) and value.get(part) is None:
            value[part] = {}
        value = value[part]
    value[path[-1]] = new
