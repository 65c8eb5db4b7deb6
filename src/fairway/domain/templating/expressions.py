"""What stands inside of a tag: paths, literals and calls."""

from __future__ import annotations

import re
from typing import NoReturn

from fairway.domain.templating.errors import Source
from fairway.domain.templating.nodes import Call, Expression, Literal, Path
from fairway.domain.templating.scanning import Tag

_BEHIND_NAME = r"(?=[=~}\s/.)\]|]|\Z)"
_BEHIND_LITERAL = r"(?=[~}\s)\]]|\Z)"
_TOKEN = re.compile(
    r"(?P<blank>\s+)"
    r"|(?P<bars>as\s+\|)"
    r"|(?P<up>\.\.)"
    rf"|(?P<dot>\.){_BEHIND_NAME}"
    r"|(?P<sep>[/.])"
    r"|(?P<text>\"(?:\\\"|[^\"])*\"|'(?:\\'|[^'])*')"
    r"|(?P<sign>[@()=|])"
    rf"|(?P<word>true|false|undefined|null){_BEHIND_LITERAL}"
    rf"|(?P<number>-?[0-9]+(?:\.[0-9]+)?){_BEHIND_LITERAL}"
    rf"|(?P<name>[^\s!\"#%-,./;->@\[-^`{{-~]+){_BEHIND_NAME}"
    r"|(?P<segment>\[(?:\\\]|[^\]])*\])"
)
_NAME = re.compile(r"[\w-]+")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "undefined": None, "null": None}


class Reader:
    """Reads the inside of one tag from left to right. Raises TemplateInvalid."""

    def __init__(self, source: Source, tag: Tag) -> None:
        self._source = source
        self._tag = tag
        self._tokens: list[tuple[str, str, int]] = []
        self._next = 0
        at = tag.inside
        inside = source.text[: tag.end]
        while at < tag.end:
            found = _TOKEN.match(inside, at)
            if found is None:
                name = _NAME.match(inside, at)
                at = name.end() if name and name.end() < tag.end else at
                raise source.invalid(at, f'"{inside[at]}" can\'t stand in a tag', "write text that is text in quotes")
            if found.lastgroup != "blank":
                self._tokens.append((found.lastgroup or "", found[0], at))
            at = found.end()

    def call(self) -> Call:
        """The whole tag: what is called or shown, and its arguments."""
        call = self._call(self._tag.at)
        self._expect_end()
        return call

    def block(self) -> tuple[Call, tuple[str, ...]]:
        """The whole tag, with the names between bars that may stand at its end."""
        call = self._call(self._tag.at)
        names: tuple[str, ...] = ()
        if self._peek() == "bars":
            self._take()
            names = tuple(self._names())
        self._expect_end()
        return call, names

    def closing(self) -> str:
        """The name of the block that ends."""
        if not self._tokens:
            self._fail("the name of the block is missing")
        written = self._source.text[self._tag.inside : self._tag.end].strip()
        self._operand()
        self._expect_end()
        return written

    def _call(self, at: int) -> Call:
        if self._peek() == "":
            self._fail("there is nothing in this tag", "write the name of a variable")
        target = self._operand()
        if isinstance(target, Call):
            self._fail("a call can't be the name of something", "write the name of a variable", target.at)
        if isinstance(target, Literal):
            written = self._source.text[target.at : self._end_of_last()]
            target = Path(target.at, written, 0, (written.strip("\"'"),))
        arguments: list[Expression] = []
        named: dict[str, Expression] = {}
        while self._peek() not in ("", "bars", ")"):
            kind, text, _ = self._tokens[self._next]
            if kind in ("name", "segment") and self._peek(1) == "=":
                self._next += 2
                named[text.strip("[]")] = self._operand()
            elif named:
                self._fail("an argument without a name can't stand behind one with a name")
            else:
                arguments.append(self._operand())
        return Call(at, target, tuple(arguments), named)

    def _operand(self) -> Expression:
        kind, text, at = self._take()
        match kind:
            case "text":
                quote = text[0]
                return Literal(at, text[1:-1].replace("\\" + quote, quote))
            case "number":
                return Literal(at, float(text) if "." in text else int(text))
            case "word":
                return Literal(at, _WORDS[text])
            case "sign" if text == "(":
                call = self._call(at)
                if self._peek() != ")":
                    self._fail("a bracket is not closed", "write )", at)
                self._next += 1
                return call
            case "sign" if text == "@":
                kind, text, _ = self._take()
                return self._path(kind, text, at, is_data=True)
        return self._path(kind, text, at)

    def _path(self, kind: str, text: str, at: int, *, is_data: bool = False) -> Path:
        up, parts, is_scoped = 0, list[str](), False
        while True:
            literal = kind == "segment"
            if kind not in ("name", "segment", "up", "dot"):
                self._fail(f'"{text}" can\'t stand here', "write the name of a variable", at)
            if not literal and text in ("..", ".", "this"):
                if parts:
                    self._fail(f'"{text}" can only stand at the beginning of a path', at=at)
                up += text == ".."
                is_scoped = True
            else:
                parts.append(text[1:-1].replace("\\]", "]") if literal else text)
            if self._peek() != "sep":
                break
            self._next += 1
            kind, text, _ = self._take()
        return Path(at, self._source.text[at : self._end_of_last()], up, tuple(parts), is_data, is_scoped)

    def _names(self) -> list[str]:
        names = []
        while (kind := self._take())[0] == "name":
            names.append(kind[1])
        if kind[1] != "|" or not names:
            self._fail("expected names and | at the end", "write e.g. as |item index|")
        return names

    def _peek(self, ahead: int = 0) -> str:
        """The kind of a token, for signs the sign itself; empty at the end."""
        if self._next + ahead >= len(self._tokens):
            return ""
        kind, text, _ = self._tokens[self._next + ahead]
        return text if kind == "sign" else kind

    def _take(self) -> tuple[str, str, int]:
        if self._next >= len(self._tokens):
            self._fail("something is missing at the end of this tag")
        self._next += 1
        return self._tokens[self._next - 1]

    def _end_of_last(self) -> int:
        _, text, at = self._tokens[self._next - 1]
        return at + len(text)

    def _expect_end(self) -> None:
        if self._next < len(self._tokens):
            _, text, at = self._tokens[self._next]
            self._fail(f'"{text}" can\'t stand here', at=at)

    def _fail(self, message: str, fix: str | None = None, at: int | None = None) -> NoReturn:
        raise self._source.invalid(self._tag.at if at is None else at, message, fix)
