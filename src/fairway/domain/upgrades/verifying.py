"""Proof that an edit did what it was to do: the file is read before and after, and only the one value differs.

The rule not to break: nothing is believed about the edit itself, both texts are parsed. In a large file of releases
both are parsed whole for their shape, and the item that holds the value is compared node by node: what stands before
and behind it is the same text in the same state of the parser, so it cannot read differently.
"""

from __future__ import annotations

import re

from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fairway.domain.errors import UserError
from fairway.domain.upgrades.written import CannotEdit, WrittenFile
from fairway.domain.yaml import Path, compose_nodes, plain_scalar
from fairway.domain.yaml.positions import key_text

LARGE = 16_384
"""Characters; below this, comparing everything costs less than two milliseconds."""

_DASH = re.compile(r" *- +")


def check_only_changed(before: WrittenFile, after: str, path: Path, new: str) -> None:
    """Raises CannotEdit unless `after` reads as `before` with the text `new` at `path`."""
    where = before.at(before.find(path).node)
    item = _item(before, path) if len(before.text) > LARGE and "&" not in before.text else None
    try:
        if item is None:
            same = _same(before.root, compose_nodes(after, before.file), path, new)
        else:
            start, end = item
            end_after = end + len(after) - len(before.text)
            old = compose_nodes(before.text[start:end], before.file)
            same = _same(old, compose_nodes(after[start:end_after], before.file), (0, *path[2:]), new)
            same = same and CParser(before.text).raw_parse() == CParser(after).raw_parse()
    except UserError:
        same = False
    if not same:
        message = "this value cannot be changed without changing how the rest reads"
        raise CannotEdit(message, where=where, fix="edit it by hand")


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


def _same(old: Node | None, new: Node | None, path: Path, text: str) -> bool:
    """Whether two documents are equal everywhere but at `path`, where the new one has the text."""
    met: set[tuple[int, int]] = set()
    todo: list[tuple[Node | None, Node | None, Path | None]] = [(old, new, path)]
    while todo:
        one, other, rest = todo.pop()
        if rest == ():
            if not isinstance(other, ScalarNode) or not _reads_as(other, text):
                return False
            continue
        if rest is None and (id(one), id(other)) in met:
            continue
        met.add((id(one), id(other)))
        if isinstance(one, MappingNode) and isinstance(other, MappingNode):
            if len(one.value) != len(other.value):
                return False
            for (key, value), (key_after, value_after) in zip(one.value, other.value, strict=True):
                todo.append((key, key_after, None))
                todo.append((value, value_after, _below(rest, key)))
        elif isinstance(one, SequenceNode) and isinstance(other, SequenceNode):
            if len(one.value) != len(other.value):
                return False
            for i, (item, item_after) in enumerate(zip(one.value, other.value, strict=True)):
                todo.append((item, item_after, rest[1:] if rest and rest[0] == i else None))
        elif not _equal_scalars(one, other):
            return False
    return True


def _equal_scalars(one: Node | None, other: Node | None) -> bool:
    if not isinstance(one, ScalarNode) or not isinstance(other, ScalarNode):
        return False
    return bool((one.tag, one.value) == (other.tag, other.value))


def _below(rest: Path | None, key: Node) -> Path | None:
    return rest[1:] if rest and isinstance(key, ScalarNode) and key_text(key) == str(rest[0]) else None


def _reads_as(node: ScalarNode, text: str) -> bool:
    if node.tag is None:
        return bool(plain_scalar(node.value) == text)
    return bool(node.value == text) and (not node.tag or node.tag.endswith(":str") or node.tag.startswith("!"))
