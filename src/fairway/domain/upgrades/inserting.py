"""Where new lines and new items go in a file, so that they look like their neighbours.

The rule not to break: only whole lines or one stretch inside of brackets come in; the line ends are the file's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from yaml.nodes import CollectionNode, Node, ScalarNode

from fairway.domain.errors import Position
from fairway.domain.upgrades.scalars import write_scalar
from fairway.domain.upgrades.written import CannotEdit, WrittenFile, end_of_content

_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\Z)")
_BLANK_END = re.compile(r"(?:[ \t]*\r?\n)*\Z")


def is_empty(node: Node) -> bool:
    """A key with nothing behind its colon."""
    return isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index


def insert_lines(written: WrittenFile, after: int, lines: Sequence[str]) -> str:
    """The text with lines below the one where the content that ends at `after` ends."""
    text = written.text
    newline = "\r\n" if "\r\n" in text else "\n"
    if text[after - 1 : after] == "\n":
        at = after - len(_blank_before(text[:after]))
    else:
        rest = _REST_OF_LINE.match(text, after)
        if rest is None:
            line = text.count("\n", 0, after) + 1
            raise CannotEdit("something else stands on this line", where=Position(written.file, line))
        at = text.index("\n", rest.end()) + 1 if "\n" in text[rest.end() : rest.end() + 2] else len(text)
    if at == len(text) and text and not text.endswith("\n"):
        return text + "".join(newline + line for line in lines)
    return text[:at] + "".join(line + newline for line in lines) + text[at:]


def _blank_before(text: str) -> str:
    """The blank lines at the end of a text that ends with a line end."""
    found = _BLANK_END.search(text, len(text.rstrip()))
    blank = found[0] if found else ""
    return blank[blank.index("\n") + 1 :] if "\n" in blank else ""


def insert_in_brackets(written: WrittenFile, node: CollectionNode, item: str) -> str:
    """The text with one more item at the end of a `[…]` or `{…}`."""
    if not node.value:
        opening = node.end_mark.index - 1
        while written.text[opening] not in "[{":
            opening -= 1
        if written.text[opening + 1 : node.end_mark.index - 1].strip():
            raise CannotEdit("a comment stands in these empty brackets", where=written.at(node))
        return written.with_text(opening + 1, node.end_mark.index - 1, item)
    last = node.value[-1]
    first, final = last if isinstance(last, tuple) else (last, last)
    at = end_of_content(final)
    before = written.text[first.start_mark.index - first.start_mark.column : first.start_mark.index]
    own_line = not before.strip() and first.start_mark.line > node.start_mark.line
    newline = "\r\n" if "\r\n" in written.text else "\n"
    return written.with_text(at, at, f",{newline}{before}{item}" if own_line else f", {item}")


def nested(keys: Sequence[str], value: str, column: int, step: int) -> list[str]:
    """`a:`, `  b: VALUE` as lines that start at a column; `value` is written already."""
    lines = []
    for depth, key in enumerate(keys):
        indent = " " * (column + depth * step)
        end = f" {value}" if depth == len(keys) - 1 else ""
        lines.append(f"{indent}{write_scalar(key, '', in_flow=False)}:{end}")
    return lines


def nested_in_brackets(keys: Sequence[str], value: str, quote: str = "") -> str:
    """`a: {b: VALUE}`."""
    text = value
    for depth, key in enumerate(reversed(keys)):
        inner = text if depth == 0 else f"{{{text}}}"
        text = f"{write_scalar(key, quote, in_flow=True)}: {inner}"
    return text
