"""Proof that an edit did what it was to do: the file is read before and after, and only the one value differs.

The rule not to break: nothing is believed about the edit itself, both texts are parsed. In a large file of releases
both are parsed whole for their shape, and the item that holds the value is compared node by node: what stands before
and behind it is the same text in the same state of the parser, so it cannot read differently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fairway.domain.errors import UserError
from fairway.domain.upgrades.written import CannotEdit, WrittenFile
from fairway.domain.yaml import Path, compose_nodes, plain_scalar
from fairway.domain.yaml.positions import key_text
from fairway.domain.yaml.syntax import explain

LARGE = 16_384
"""Characters; below this, comparing everything costs less than two milliseconds."""

_DASH = re.compile(r" *- +")


Edits = Mapping[Path, str]
_Wanted = dict[str, Any] | str | None
"""The edits below a node by the next part of their path; the new text itself where the path ends."""


def check_only_changed(before: WrittenFile, after: str, edits: Edits) -> None:
    """Raises CannotEdit unless `after` reads as `before` with the texts of `edits` at their paths."""
    if not _only_changed(before, after, edits):
        where = before.at(before.find(next(iter(edits))).node)
        message = "this value cannot be changed without changing how the rest reads"
        raise CannotEdit(message, where=where, fix="edit it by hand")


def _only_changed(before: WrittenFile, after: str, edits: Edits) -> bool:
    path = next(iter(edits))
    part = stretch(before, path) if len(edits) == 1 else None
    try:
        if before.is_json:
            return _same_json(before.text, after, edits)
        if part is None:
            return _same(before.root, compose_nodes(after, before.file), _wanted(edits))
        old, new = part.texts(before.text, after)
        wanted = _wanted({part.inside(path): edits[path]})
        same = _same(compose_nodes(old, before.file), compose_nodes(new, before.file), wanted)
        return same and shape(before.text) == shape(after)
    except UserError:
        return False


def shape(text: str) -> int:
    """How many events the parser makes of a text, whole and at its own speed. Raises InvalidInput."""
    try:
        return int(CParser(text).raw_parse())
    except yaml.YAMLError as error:
        raise explain(error, text, "") from error


def _same_json(before: str, after: str, edits: Edits) -> bool:
    expected = json.loads(before)
    for path, text in edits.items():
        holder = expected
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = text
    try:
        return bool(json.loads(after) == expected) and shape(before) == shape(after)
    except ValueError:
        return False


def _wanted(edits: Edits) -> dict[str, Any] | str:
    tree: dict[str, Any] = {}
    for path, text in edits.items():
        if not path:
            return text
        below = tree
        for part in path[:-1]:
            below = below.setdefault(str(part), {})
        below[str(path[-1])] = text
    return tree


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole lines of a file that read alone as they read there: an entry of a map, or an item of a list in one."""

    start: int
    end: int
    depth: int
    """How many parts of a path lead to it: 1 for an entry, 2 for an item."""

    def texts(self, before: str, after: str) -> tuple[str, str]:
        """Its text before and after an edit that stays inside of it."""
        return before[self.start : self.end], after[self.start : self.end + len(after) - len(before)]

    def inside(self, path: Path) -> Path:
        """A path of the whole file, as the stretch alone has it."""
        return (0, *path[2:]) if self.depth == 2 else path


def stretch(written: WrittenFile, path: Path) -> Stretch | None:
    """The stretch that holds a path of a large file; None where the whole must be looked at.

    What stands before and behind it is the same text in the same state of the parser, as long as no anchor is in it.
    """
    root = written.root
    if len(written.text) <= LARGE or len(path) < 2 or not isinstance(root, MappingNode) or root.flow_style:
        return None
    keys = [key_text(key) if isinstance(key, ScalarNode) else "" for key, _ in root.value]
    if path[0] not in keys:
        return None
    at = keys.index(str(path[0]))
    end = root.value[at + 1][0].start_mark.index if at + 1 < len(keys) else len(written.text)
    items, index = root.value[at][1], path[1]
    if isinstance(items, SequenceNode) and not items.flow_style and isinstance(index, int):
        start = _line_of_item(written, items.value[index])
        if index + 1 < len(items.value):
            end = _line_of_item(written, items.value[index + 1])
        found = None if start is None or end is None else Stretch(start, end, 2)
    else:
        key = root.value[at][0].start_mark
        found = Stretch(key.index, end, 1) if key.column == 0 and isinstance(path[1], str) else None
    text = written.text[found.start : found.end] if found is not None else "&"
    return None if "&" in text or "*" in text or "---" in text else found


def _line_of_item(written: WrittenFile, item: Node) -> int | None:
    start = item.start_mark.index - item.start_mark.column
    return int(start) if _DASH.fullmatch(written.text, start, item.start_mark.index) else None


def _same(old: Node | None, new: Node | None, wanted: _Wanted) -> bool:
    """Whether two documents are equal everywhere but at the edits, where the new one has their texts."""
    met: set[tuple[int, int]] = set()
    todo: list[tuple[Node | None, Node | None, _Wanted]] = [(old, new, wanted)]
    while todo:
        one, other, edits = todo.pop()
        if isinstance(edits, str):
            if not isinstance(other, ScalarNode) or not _reads_as(other, edits):
                return False
            continue
        if edits is None and (id(one), id(other)) in met:
            continue
        met.add((id(one), id(other)))
        if isinstance(one, MappingNode) and isinstance(other, MappingNode):
            if len(one.value) != len(other.value):
                return False
            for (key, value), (key_after, value_after) in zip(one.value, other.value, strict=True):
                todo.append((key, key_after, None))
                below = edits.get(key_text(key)) if edits and isinstance(key, ScalarNode) else None
                todo.append((value, value_after, below))
        elif isinstance(one, SequenceNode) and isinstance(other, SequenceNode):
            if len(one.value) != len(other.value):
                return False
            for i, (item, item_after) in enumerate(zip(one.value, other.value, strict=True)):
                todo.append((item, item_after, edits.get(str(i)) if edits else None))
        elif not _equal_scalars(one, other):
            return False
    return True


def _equal_scalars(one: Node | None, other: Node | None) -> bool:
    if not isinstance(one, ScalarNode) or not isinstance(other, ScalarNode):
        return False
    return bool((one.tag, one.value) == (other.tag, other.value))


def _reads_as(node: ScalarNode, text: str) -> bool:
    if node.tag is None:
        return bool(plain_scalar(node.value) == text)
    return bool(node.value == text) and (not node.tag or node.tag.endswith(":str") or node.tag.startswith("!"))
