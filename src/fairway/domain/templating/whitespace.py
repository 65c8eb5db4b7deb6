"""Takes blanks away: beside `~`, and the lines on which nothing stands but a tag that prints nothing.

The rule not to break: the order of the steps. What was written decides whether a tag stands alone, what is left by
then is what is cut. Source: the behaviour of Handlebars 4, which tests/contract/templating compares with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fairway.domain.templating.nodes import Block, Comment, Content, Mustache, Node, Program

_ENDS_LINE = re.compile(r"\r?\n\s*?\Z")
_ENDS_FIRST_LINE = re.compile(r"(?:^|\r?\n)\s*?\Z")
_BEGINS_LINE = re.compile(r"\s*?\r?\n")
_BEGINS_LAST_LINE = re.compile(r"\s*?(?:\r?\n|\Z)")
_LINE_END = re.compile(r"[ \t]*\r?\n?")
_BLANKS = re.compile(r"\s+")
_INDENT = re.compile(r"[ \t]+\Z")


@dataclass(frozen=True, slots=True)
class _Edges:
    """What a node does to its neighbours: marks, and whether its sides could stand on lines of their own."""

    open: bool = False
    close: bool = False
    open_alone: bool = False
    close_alone: bool = False
    inline_alone: bool = False


def take_away_blanks(program: Program) -> None:
    _program(program, is_root=True)


def _program(program: Program, *, is_root: bool = False) -> None:
    body = program.body
    for index, node in enumerate(body):
        edges = _edges(node)
        if edges is None:
            continue
        before, after = _blank_before(body, index, is_root), _blank_after(body, index, is_root)
        if edges.close:
            _cut_after(body, index, every=True)
        if edges.open:
            _cut_before(body, index, every=True)
        if edges.inline_alone and before and after:
            _cut_after(body, index)
            _cut_before(body, index)
        if isinstance(node, Block):
            if edges.open_alone and before:
                _cut_after(_first(node).body, -1)
                _cut_before(body, index)
            if edges.close_alone and after:
                _cut_after(body, index)
                _cut_before(_last(node).body)


def _edges(node: Node) -> _Edges | None:
    if isinstance(node, Mustache):
        return _Edges(node.strip.open, node.strip.close)
    if isinstance(node, Comment):
        return _Edges(node.strip.open, node.strip.close, inline_alone=True)
    return _block(node) if isinstance(node, Block) else None


def _block(block: Block) -> _Edges:
    for part in (block.program, block.inverse):
        if part is not None:
            _program(part)
    program = _first(block)
    inverse = block.inverse if block.program is not None else None
    first = last = inverse
    if inverse is not None and inverse.is_chained:
        first = _link(inverse.body[0])
        while last is not None and last.is_chained:
            last = _link(last.body[-1])
    edges = _Edges(
        block.open_strip.open,
        block.close_strip.close,
        open_alone=_blank_after(program.body),
        close_alone=_blank_before((first or program).body),
    )
    if block.open_strip.close:
        _cut_after(program.body, -1, every=True)
    if inverse is not None and first is not None and last is not None:
        if block.inverse_strip.open:
            _cut_before(program.body, every=True)
        if block.inverse_strip.close:
            _cut_after(first.body, -1, every=True)
        if block.close_strip.open:
            _cut_before(last.body, every=True)
        if _blank_before(program.body) and _blank_after(first.body):
            _cut_before(program.body)
            _cut_after(first.body, -1)
    elif block.close_strip.open:
        _cut_before(program.body, every=True)
    return edges


def _first(block: Block) -> Program:
    found = block.program or block.inverse
    assert found is not None
    return found


def _last(block: Block) -> Program:
    found = block.inverse or block.program
    assert found is not None
    return found


def _link(node: Node) -> Program | None:
    """What a link of an `{{else if}}` chain holds."""
    return node.program if isinstance(node, Block) else None


def _blank_before(body: Sequence[Node], index: int | None = None, is_root: bool = False) -> bool:
    """Whether a line has only just begun before the node; before the end without an index."""
    index = len(body) if index is None else index
    if index == 0:
        return is_root
    before = body[index - 1]
    if not isinstance(before, Content):
        return False
    pattern = _ENDS_LINE if index > 1 or not is_root else _ENDS_FIRST_LINE
    return pattern.search(before.original) is not None


def _blank_after(body: Sequence[Node], index: int = -1, is_root: bool = False) -> bool:
    if index + 1 >= len(body):
        return is_root
    after = body[index + 1]
    if not isinstance(after, Content):
        return False
    pattern = _BEGINS_LINE if index + 2 < len(body) or not is_root else _BEGINS_LAST_LINE
    return pattern.match(after.original) is not None


def _cut_after(body: Sequence[Node], index: int, *, every: bool = False) -> None:
    """The rest of the line behind a node, or all blanks."""
    content = body[index + 1] if index + 1 < len(body) else None
    if not isinstance(content, Content) or (not every and content.right_stripped):
        return
    found = (_BLANKS if every else _LINE_END).match(content.value)
    length = found.end() if found else 0
    content.value = content.value[length:]
    content.at += length
    content.right_stripped = length > 0


def _cut_before(body: Sequence[Node], index: int | None = None, *, every: bool = False) -> None:
    """The indent before a node, or all blanks; before the end without an index."""
    index = len(body) if index is None else index
    content = body[index - 1] if index > 0 else None
    if not isinstance(content, Content) or (not every and content.left_stripped):
        return
    value = content.value.rstrip() if every else _INDENT.sub("", content.value)
    content.left_stripped = value != content.value
    content.value = value
