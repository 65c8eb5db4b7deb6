"""Items of a list in a file: one more at its end, or one taken out, and no other byte.

The rule not to break: the file is read before and after, and must have gained or lost exactly that one item.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from yaml.nodes import MappingNode, Node, SequenceNode

from fairway.domain.errors import Position, UserError
from fairway.domain.upgrades.inserting import insert_in_brackets, insert_lines, is_empty
from fairway.domain.upgrades.scalars import write_scalar
from fairway.domain.upgrades.written import CannotEdit, WrittenFile, end_of_content, is_flow, read_written
from fairway.domain.yaml import load

Item = Mapping[str, str | bool]
STEP = 2


def append_item(data: bytes, file: str, key: str, item: Item) -> bytes:
    """The file with one more map at the end of the list under a top-level key, written like its neighbours.

    Raises InvalidInput when the file cannot be read, CannotEdit when the list is none, or is used elsewhere too.
    """
    written = read_written(data, file)
    root = written.root
    if root is None:
        lines = [f"{key}:", *_block(item, STEP, 1)]
        text = insert_lines(written, len(written.text), lines)
    elif not isinstance(root, MappingNode):
        raise CannotEdit("the file is no map", where=written.at(root))
    elif not written.has((key,)):
        if is_flow(root):
            text = insert_in_brackets(written, root, f"{key}: [{_flow(item)}]")
        else:
            text = insert_lines(written, end_of_content(root), [f"{key}:", *_block(item, STEP, 1)])
    else:
        text = _into(written, key, item)
    expected = copy.deepcopy(load(data.decode(), file)) or {}
    expected[key] = [*(expected.get(key) or ()), dict(item)]
    return _checked(written, text, expected)


def remove_item(data: bytes, file: str, key: str, index: int) -> bytes:
    """The file without an item of the list under a top-level key; comments above it stay. Raises as `append_item`."""
    written = read_written(data, file)
    found = written.find((key, index)).node
    items = written.find((key,)).node.value
    start, end = _in_brackets(items, index) if is_flow(written.find((key,)).node) else _lines(written, found)
    expected = copy.deepcopy(load(data.decode(), file))
    del expected[key][index]
    if not expected[key] and not is_flow(written.find((key,)).node):
        expected[key] = None
    return _checked(written, written.with_text(start, end, ""), expected)


def _into(written: WrittenFile, key: str, item: Item) -> str:
    found = written.find((key,))
    values = found.node
    if is_empty(values) and found.key is not None:
        column = found.key.start_mark.column
        return insert_lines(written, values.end_mark.index, _block(item, column + STEP, 1))
    if not isinstance(values, SequenceNode):
        raise CannotEdit(f"{key} is no list", where=written.at(values), fix="write a list")
    if is_flow(values):
        return insert_in_brackets(written, values, _flow(item))
    last = values.value[-1]
    column = values.start_mark.column
    gap = max(last.start_mark.column - column - 1, 1)
    lines = [f"{' ' * column}-{' ' * gap}{_flow(item)}"] if is_flow(last) else _block(item, column, gap)
    return insert_lines(written, end_of_content(values), lines)


def _block(item: Item, column: int, gap: int) -> list[str]:
    indent, behind = " " * column, " " * gap
    return [
        f"{indent}{'-' if n == 0 else ' '}{behind}{name}: {_scalar(value, in_flow=False)}"
        for n, (name, value) in enumerate(item.items())
    ]


def _flow(item: Item) -> str:
    return "{" + ", ".join(f"{name}: {_scalar(value, in_flow=True)}" for name, value in item.items()) + "}"


def _scalar(value: str | bool, *, in_flow: bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else write_scalar(value, "", in_flow=in_flow)


def _in_brackets(items: list[Node], index: int) -> tuple[int, int]:
    if index + 1 < len(items):
        return items[index].start_mark.index, items[index + 1].start_mark.index
    if index:
        return items[index - 1].end_mark.index, items[index].end_mark.index
    return items[index].start_mark.index, items[index].end_mark.index


def _lines(written: WrittenFile, node: Node) -> tuple[int, int]:
    """From the start of the item's first line to the end of its last one."""
    text = written.text
    start = node.start_mark.index - node.start_mark.column
    if text[start : node.start_mark.index].strip(" ") != "-":
        raise CannotEdit("this item shares its line with others", where=written.at(node), fix="remove it by hand")
    end = text.find("\n", end_of_content(node))
    return start, len(text) if end < 0 else end + 1


def _checked(written: WrittenFile, text: str, expected: Any) -> bytes:
    try:
        same = load(text, written.file) == expected
    except UserError:
        same = False
    if not same:
        message = "this cannot be edited without changing other parts"
        raise CannotEdit(message, where=Position(written.file), fix="edit it by hand")
    return written.encode(text)
