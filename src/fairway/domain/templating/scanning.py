"""A template's text cut into content and tags, as Handlebars' lexer cuts it; what is inside of tags is left as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from fairway.domain.templating.errors import Source
from fairway.domain.templating.nodes import Comment, Content, Strip


class Kind(Enum):
    VALUE = "{{"
    RAW = "{{{"
    OPEN = "{{#"
    OPEN_INVERSE = "{{^"
    CHAIN = "{{else …"
    INVERSE = "{{else}}"
    CLOSE = "{{/"


@dataclass(frozen=True, slots=True)
class Tag:
    at: int
    kind: Kind
    inside: int
    """Where what is inside begins."""
    end: int
    """Where it ends."""
    strip: Strip


Piece = Content | Comment | Tag

_UNSUPPORTED = {
    ">": ("partials ({{> …}})", "put the text into the template itself"),
    "#>": ("partials ({{#> …}})", "put the text into the template itself"),
    "*": ("decorators ({{* …}})", "leave it out"),
    "#*": ("decorators ({{#* …}})", "leave it out"),
}
_HEAD = re.compile(r"\{\{(~?)(#>|#\*|[>*#/^{&]|!)?")
_ALONE = re.compile(r"\{\{(~?)(?:\^|\s*else)\s*(~?)\}\}")
_ELSE = re.compile(r"\{\{~?\s*else(?=[\s~])")
_LONG_COMMENT = re.compile(r"--~?\}\}")
_STRING_OR_END = re.compile(r"""\[(?:\\\]|[^\]])*\]|"(?:\\"|[^"])*"|'(?:\\'|[^'])*'|(\}?~?\}\})""")


def scan(source: Source) -> list[Piece]:
    """Raises TemplateInvalid for what has no end, or is none of ours."""
    text, at = source.text, 0
    pieces: list[Piece] = []
    while (found := text.find("{{", at)) >= 0:
        content = text[at:found]
        if content.endswith("\\") and not content.endswith("\\\\"):
            _add(pieces, at, content[:-1])
            at = _end_of_escaped(text, found)
            _add(pieces, found, text[found:at])
            continue
        _add(pieces, at, content[:-1] if content.endswith("\\\\") else content)
        piece, at = _tag(source, found)
        pieces.append(piece)
    _add(pieces, at, text[at:])
    return pieces


def _add(pieces: list[Piece], at: int, text: str) -> None:
    if text:
        pieces.append(Content(at, text, text))


def _end_of_escaped(text: str, begin: int) -> int:
    """Up to the next tag, with the one or two backslashes that stand before that."""
    following = text.find("{{", begin + 2)
    if following < 0:
        return len(text)
    end = following
    while end > begin + 2 and following - end < 2 and text[end - 1] == "\\":
        end -= 1
    return end


def _tag(source: Source, at: int) -> tuple[Piece, int]:
    text = source.text
    if alone := _ALONE.match(text, at):
        tag = Tag(at, Kind.INVERSE, alone.end(), alone.end(), Strip(bool(alone[1]), bool(alone[2])))
        return tag, alone.end()
    head = _HEAD.match(text, at)
    assert head is not None
    if text.startswith("{{{{", at):
        raise source.invalid(at, "raw blocks ({{{{…}}}}) are not supported", "write \\{{ before what is to stay")
    if head[2] in _UNSUPPORTED:
        what, fix = _UNSUPPORTED[head[2]]
        raise source.invalid(at, f"{what} are not supported", fix)
    if head[2] == "!":
        return _comment(source, at, head)
    kind = {"#": Kind.OPEN, "^": Kind.OPEN_INVERSE, "/": Kind.CLOSE, "{": Kind.RAW, "&": Kind.RAW}.get(head[2] or "")
    begin = head.end()
    if kind is None:
        chain = _ELSE.match(text, at)
        kind, begin = (Kind.CHAIN, chain.end()) if chain else (Kind.VALUE, begin)
    inside_end, end, close = _end(source, at, begin, triple=head[2] == "{")
    return Tag(at, kind, begin, inside_end, Strip(bool(head[1]), "~" in close)), end


def _comment(source: Source, at: int, head: re.Match[str]) -> tuple[Piece, int]:
    text = source.text
    if text.startswith("--", head.end()):
        found = _LONG_COMMENT.search(text, head.end())
        end = found.end() if found else -1
    else:
        closing = text.find("}}", head.end())
        end = closing + 2 if closing >= 0 else -1
    if end < 0:
        raise source.invalid(at, "this comment has no end", "close it with }} or --}}")
    return Comment(Strip(bool(head[1]), text[end - 3] == "~")), end


def _end(source: Source, at: int, begin: int, *, triple: bool) -> tuple[int, int, str]:
    """Where the inside ends, where the tag ends, and how it is closed; braces in texts do not count."""
    for found in _STRING_OR_END.finditer(source.text, begin):
        close = found[1]
        if close is None:
            continue
        start, end = found.span(1)
        if triple and not close.startswith("}~") and close != "}}}":
            raise source.invalid(start, "{{{ is closed with }} here", "close it with }}}")
        if not triple and close in ("}}}", "}~}}"):
            raise source.invalid(
                start, "there is a brace too many", "close it with }}; put a blank before a } of yours"
            )
        if close == "}}}" and source.text.startswith("}", end):
            raise source.invalid(end, "there is a brace too many", "put a blank before a } of yours")
        return start, end, close
    raise source.invalid(at, "this tag has no end", "close it with " + ("}}}" if triple else "}}"))
