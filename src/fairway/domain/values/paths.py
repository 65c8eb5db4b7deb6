"""Where a value stands inside values: keys and list indices, written as `helm --set` writes them.

One rule: a path is always a tuple; its text form exists only at the border (what people write and read).
Grammar (docs/spec/values.md, "Keys"): names separated by `.`; a backslash takes the next character as it is, so
that `a\\.b` is one name; `[0]` after a name is a list index, repeatable. Source: Helm, pkg/strvals/parser.go.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fairway.domain.errors import Position, UserError

Path = tuple[str | int, ...]

MAX_DEPTH = 31
"""Helm's limit of nested names (30 separators)."""
MAX_INDEX = 65536
"""Helm's limit of a list index: a typing slip must not allocate a huge list."""

_ESCAPED = re.compile(r"([\\.\[\]])")
_INDEX = re.compile(r"\[([^\]]*)(\]?)")


class _Mistake(ValueError):
    """Why a key cannot be read, with the 1-based character it is about."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(text)
        self.at = at


def parse_key(key: str, where: Position | None = None) -> Path:
    """`a.b[0].c\\.d` → `("a", "b", 0, "c.d")`; `UserError` at `where` for anything else than the grammar allows."""
    try:
        return _parse(key)
    except _Mistake as mistake:
        raise UserError(
            f'key "{key}": {mistake} (character {mistake.at})',
            where=where,
            fix="write names separated by dots, e.g. image.tag; hosts[0] for a list item; a\\.b for a dot in a name",
        ) from None


def format_path(path: Path) -> str:
    """The text form; `parse_key(format_path(p)) == p` for every path that starts with a name."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = _ESCAPED.sub(r"\\\1", part)
            text = f"{text}.{name}" if text else name
    return text


@lru_cache(maxsize=4096)
def _parse(key: str) -> Path:
    parts: list[str | int] = []
    at = 0
    while True:
        name, at = _name(key, at)
        parts.append(name)
        while at < len(key) and key[at] == "[":
            index, at = _index(key, at)
            parts.append(index)
        if at == len(key):
            break
        if key[at] != ".":
            raise _Mistake("after ] comes a dot, another [ or the end", at + 1)
        at += 1
    if len(parts) > MAX_DEPTH:
        raise _Mistake(f"deeper than {MAX_DEPTH} names", len(key))
    return tuple(parts)


def _name(key: str, at: int) -> tuple[str, int]:
    start = at
    name: list[str] = []
    while at < len(key) and key[at] not in ".[":
        if key[at] == "\\":
            at += 1
            if at == len(key):
                raise _Mistake("the backslash at the end escapes nothing", at)
        elif key[at] in "]=,":
            raise _Mistake(f"{key[at]} must be escaped in a name", at + 1)
        name.append(key[at])
        at += 1
    if not name:
        raise _Mistake("a name is missing", start + 1)
    return "".join(name), at


def _index(key: str, at: int) -> tuple[int, int]:
    match = _INDEX.match(key, at)
    assert match is not None
    digits, closed = match.groups()
    if not closed:
        raise _Mistake("[ without ]", at + 1)
    if not (digits.isascii() and digits.isdigit()):
        raise _Mistake(f'list index "{digits}" is not a whole number', at + 2)
    if int(digits) > MAX_INDEX:
        raise _Mistake(f"list index {digits} is greater than {MAX_INDEX}", at + 2)
    return int(digits), match.end()
