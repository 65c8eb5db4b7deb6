"""Adds a value that is not written yet: an entry of a release's `values`, or a key of a values file.

The rule not to break: the file is read before and after, and must have gained exactly that one value.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fairway.domain.errors import Position, UserError
from fairway.domain.upgrades.inserting import insert_in_brackets, insert_lines, is_empty, nested, nested_in_brackets
from fairway.domain.upgrades.scalars import write_scalar
from fairway.domain.upgrades.splice import splice
from fairway.domain.upgrades.verifying import shape, stretch
from fairway.domain.upgrades.written import (
    CannotEdit,
    WrittenFile,
    end_of_content,
    entries,
    is_flow,
    is_json,
    read_written,
)
from fairway.domain.yaml import Path, load
from fairway.domain.yaml.positions import key_text

_BEFORE_VALUES = ("name", "extends", "parameters", "chart", "resourceFiles", "valuesFile")
STEP = 2


def add_value(data: bytes, file: str, release_path: Path, key: str, value: str) -> bytes:
    """The release file with `{key, value}` at the end of a release's `values`, written like its neighbours.

    `release_path` is the release's place, e.g. ("releases", 3); the list is made when there is none.
    Raises InvalidInput when the file cannot be read, CannotEdit when the key stands there already, or the list is an
    alias or used elsewhere too.
    """
    written = read_written(data, file)
    release = written.find(release_path).node
    if not isinstance(release, MappingNode):
        raise CannotEdit("this is no release", where=written.at(release))
    own = {key_text(name): (name, node) for name, node in entries(release)}
    if "values" in own:
        values = written.find((*release_path, "values")).node
        text = _into_values(written, own["values"][0], values, key, value)
    else:
        text = _with_values(written, release, release_path, key, value)

    def added(loaded: Any, path: Path) -> None:
        holder = _at(loaded, path)
        holder["values"] = [*(holder.get("values") or ()), {"key": key, "value": value}]

    _check(written, text, release_path, added, release)
    return written.encode(text)


def set_in_values_file(data: bytes, file: str, path: Path, value: str) -> bytes:
    """The values file with the text `value` at a path of keys; missing maps are made, in the file's indentation.

    A value that is written there already is changed as by `splice`. Raises as `add_value`.
    """
    written = read_written(data, file)
    if written.has(path):
        return splice(data, file, path, value)
    known = max(depth for depth in range(len(path)) if depth == 0 or written.has(path[:depth]))
    missing = path[known:]
    if any(isinstance(part, int) for part in missing):
        raise CannotEdit(f"the list has no item {missing[0]}", where=Position(file), fix="add the item by hand")
    keys = [str(part) for part in missing]
    if written.root is None:
        lines = nested(keys, write_scalar(value, '"', in_flow=False), 0, STEP)
        text = insert_lines(written, len(written.text), lines)
        where: Node | None = None
    else:
        found = written.find(path[:known])
        where = found.node
        text = _into_map(written, found.node, found.key, keys, value)

    def added(loaded: Any, path: Path) -> None:
        holder = loaded
        for part in path[:-1]:
            if isinstance(part, str) and holder.get(part) is None:
                holder[part] = {}
            holder = holder[part]
        holder[path[-1]] = value

    _check(written, text, path, added, where)
    return written.encode(text)


def _into_map(written: WrittenFile, node: Node, key: ScalarNode | None, keys: list[str], value: str) -> str:
    if isinstance(node, MappingNode) and is_flow(node):
        quote = '"' if node.value and node.value[0][0].style == '"' else ""
        return insert_in_brackets(
            written, node, nested_in_brackets(keys, write_scalar(value, '"', in_flow=True), quote)
        )
    step = _step(written)
    if is_empty(node) and key is not None:
        lines = nested(keys, write_scalar(value, '"', in_flow=False), key.start_mark.column + step, step)
        return insert_lines(written, node.end_mark.index, lines)
    if not isinstance(node, MappingNode):
        raise CannotEdit("this is no map, nothing can be added to it", where=written.at(node))
    style = next((one.style for _, one in node.value if isinstance(one, ScalarNode) and one.style in ("'", '"')), '"')
    lines = nested(keys, write_scalar(value, style, in_flow=False), node.value[0][0].start_mark.column, step)
    return insert_lines(written, end_of_content(node), lines)


def _step(written: WrittenFile) -> int:
    """The indentation of a map in a map, as the file has it."""
    if isinstance(written.root, MappingNode):
        for key, value in written.root.value:
            if isinstance(value, MappingNode) and not is_flow(value) and value.value:
                return max(int(value.value[0][0].start_mark.column - key.start_mark.column), 1)
    return STEP


def _into_values(written: WrittenFile, name: ScalarNode, values: Node, key: str, value: str) -> str:
    if is_empty(values):
        item = "- " + _in_brackets(None, key, value)
        return insert_lines(written, values.end_mark.index, [" " * (name.start_mark.column + STEP) + item])
    if not isinstance(values, SequenceNode):
        raise CannotEdit("values is no list", where=written.at(values), fix="write a list of {key, value}")
    for one in values.value:
        if _key_of(one) == key:
            raise CannotEdit(f'the value "{key}" stands already here', where=written.at(one))
    if is_flow(values):
        sample = _Sample(written, values.value[-1]) if values.value else None
        return insert_in_brackets(written, values, _in_brackets(sample, key, value))
    lines = _item(_Sample(written, values.value[-1]), values.start_mark.column, key, value)
    return insert_lines(written, end_of_content(values), lines)


def _with_values(written: WrittenFile, release: MappingNode, path: Path, key: str, value: str) -> str:
    if is_flow(release):
        quote = '"' if release.value and release.value[0][0].style == '"' else ""
        name = write_scalar("values", quote, in_flow=True)
        return insert_in_brackets(written, release, f"{name}: [{_in_brackets(None, key, value, quote)}]")
    neighbour = _neighbour(written, path)
    column = release.value[0][0].start_mark.column
    indent = " " * column
    if neighbour is not None and is_flow(neighbour[1]):
        lines = [f"{indent}values: [{_in_brackets(_Sample(written, neighbour[1].value[-1]), key, value)}]"]
    elif neighbour is not None:
        name_node, values = neighbour
        inner = column + values.start_mark.column - name_node.start_mark.column
        lines = [f"{indent}values:", *_item(_Sample(written, values.value[-1]), inner, key, value)]
    else:
        lines = [f"{indent}values:", f"{indent}{' ' * STEP}- {_in_brackets(None, key, value)}"]
    above = [node for name, node in entries(release) if key_text(name) in _BEFORE_VALUES] or [release.value[-1][1]]
    return insert_lines(written, end_of_content(above[-1]), lines)


def _neighbour(written: WrittenFile, path: Path) -> tuple[ScalarNode, SequenceNode] | None:
    """The first `values` of another release of the file."""
    releases = written.find(path[:-1]).node if path else None
    for release in releases.value if isinstance(releases, SequenceNode) else ():
        for name, node in entries(release) if isinstance(release, MappingNode) else ():
            if key_text(name) == "values" and isinstance(node, SequenceNode) and node.value:
                return name, node
    return None


class _Sample:
    """How an entry of `values` is written: in brackets or not, and in which quotes."""

    def __init__(self, written: WrittenFile, item: Node) -> None:
        raw = written.raw(item)
        self.in_brackets = not isinstance(item, MappingNode) or is_flow(item)
        self.padding = " " if raw.startswith("{ ") else ""
        self.names = self.key = ""
        self.value = '"'
        self.gap = 1
        if isinstance(item, MappingNode):
            line = written.text[item.start_mark.index - item.start_mark.column : item.start_mark.index]
            dash = line.rfind("-")
            self.gap = len(line) - dash - 1 if dash >= 0 and not line[dash + 1 :].strip() else 1
            for name, node in entries(item):
                self.names = name.style or ""
                if isinstance(node, ScalarNode) and name.value == "key":
                    self.key = node.style or ""
                elif isinstance(node, ScalarNode) and name.value == "value" and node.style == "'":
                    self.value = "'"


def _in_brackets(sample: _Sample | None, key: str, value: str, quote: str = "") -> str:
    padding = sample.padding if sample else ""
    names = [write_scalar(name, sample.names if sample else quote, in_flow=True) for name in ("key", "value")]
    key = write_scalar(key, sample.key if sample else quote, in_flow=True)
    value = write_scalar(value, sample.value if sample else '"', in_flow=True)
    return f"{{{padding}{names[0]}: {key}, {names[1]}: {value}{padding}}}"


def _item(sample: _Sample, column: int, key: str, value: str) -> list[str]:
    indent, gap = " " * column, " " * sample.gap
    if sample.in_brackets:
        return [f"{indent}-{gap}{_in_brackets(sample, key, value)}"]
    names = [write_scalar(name, sample.names, in_flow=False) for name in ("key", "value")]
    return [
        f"{indent}-{gap}{names[0]}: {write_scalar(key, sample.key, in_flow=False)}",
        f"{indent} {gap}{names[1]}: {write_scalar(value, sample.value, in_flow=False)}",
    ]


def _key_of(item: Node) -> str | None:
    if not isinstance(item, MappingNode):
        return None
    return next((str(node.value) for name, node in entries(item) if name.value == "key"), None)


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _check(written: WrittenFile, text: str, path: Path, change: Callable[[Any, Path], None], node: Node | None) -> None:
    """Raises CannotEdit unless the text reads as before with `change` made; in a large file, its stretch and the shape
    of the whole."""
    try:
        same = _as_expected(written, text, path, change)
    except UserError:
        same = False
    if not same or (written.is_json and not is_json(text)):
        where = written.at(node) if node is not None else Position(written.file)
        raise CannotEdit("the value cannot be added without changing others", where=where, fix="add it by hand")


def _as_expected(written: WrittenFile, text: str, path: Path, change: Callable[[Any, Path], None]) -> bool:
    before, after = written.text, text
    part = stretch(written, path)
    if part is not None:
        before, after = part.texts(before, after)
        if shape(text) - shape(written.text) != shape(after) - shape(before):
            return False
    expected = load(before, written.file)
    expected = {} if expected is None else copy.deepcopy(expected)
    change(expected, path if part is None else part.inside(path))
    return bool(load(after, written.file) == expected)
