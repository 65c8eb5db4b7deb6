"""Proof that an edit did what it was to do: the file is read before and after, and only the one value differs.

The rule not to break: nothing is believed about the edit itself, both texts are parsed. In a large file of releases
both are parsed whole for their shape, and the item that holds the value is compared node by node: what stands before
and behind it is the same text in the same state of the parser, so it cannot read differently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fairway.domain.errors import UserError
from fairway.domain.upgrades.written import CannotEdit, WrittenFile, is_json
from fairway.domain.yaml import Path, compose_nodes, plain_scalar
from fairway.domain.yaml.positions import key_text

LARGE = 16_384
"""Characters; below this, comparing everything costs less than two milliseconds."""

_DASH = re.compile(r" *- +")


Edits = Mapping[Path, str]
_Wanted = dict[str, Any] | str | None
"""The edits below a node by the next part of their path; the new text itself where the path ends."""


def check_only_changed(before: WrittenFile, after: str, edits: Edits) -> None:
    """Raises CannotEdit unless `after` reads as `before` with the texts of `edits` at their paths."""
    first = next(iter(edits))
    alone = len(edits) == 1 and len(before.text) > LARGE and "&" not in before.text
    item = _item(before, first) if alone else None
    try:
        if item is None:
            same = _same(before.root, compose_nodes(after, before.file), _wanted(edits))
        else:
            start, end = item
            end_after = end + len(after) - len(before.text)
            old = compose_nodes(before.text[start:end], before.file)
            wanted = _wanted({(0, *first[2:]): edits[first]})
            same = _same(old, compose_nodes(after[start:end_after], before.file), wanted)
            same = same and CParser(before.text).raw_parse() == CParser(after).raw_parse()
    except UserError:
        same = False
    if not same or (before.is_json and not is_json(after)):
        where = before.at(before.find(first).node)
        message = "this value cannot be changed without changing how the rest reads"
        raise CannotEdit(message, where=where, fix="edit it by hand")


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


def _item(written: WrittenFile, path: Path) -> tuple[int, int] | None:
    """Where the lines of the item start and end, for a path such as ("releases", 3, …); None for other shapes."""
    root = written.root
    if len(path) < 3 or not isinstance(root, MappingNode) or root.flow_style:
        return None
    keys = [key_text(key) if isinstance(key, ScalarNode) else "" for key, _ in root.value]
    index = path[1]
    if path[0] not in keys or not isinstance(index, int):
        return None
    at = keys.index(str(path[0]))
    items = root.value[at][1]
    if not isinstance(items, SequenceNode) or items.flow_style:
        return None
    start = _line_of_item(written, items.value[index])
    if index + 1 < len(items.value):
        end = _line_of_item(written, items.value[index + 1])
    else:
        end = root.value[at + 1][0].start_mark.index if at + 1 < len(keys) else len(written.text)
    return None if start is None or end is None else (start, end)


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
