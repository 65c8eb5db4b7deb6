"""What is wrong with a template, each with its place in the file."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from fairway.domain.errors import Diagnostic, InvalidInput, Position

SYNTAX = "template-syntax"
MISSING = "template-variable"
HELPER = "template-helper"
VALUE = "template-value"


class TemplateInvalid(InvalidInput):
    """A template can't be read, or not with these variables."""


@dataclass(frozen=True)
class Source:
    """A template's text, and where in it things are; lines and columns count from 1, columns in characters."""

    text: str
    file: str
    _starts: list[int] = field(default_factory=list, repr=False, compare=False)

    def line(self, offset: int) -> int:
        if not self._starts:
            self._starts.append(0)
            self._starts.extend(at + 1 for at, one in enumerate(self.text) if one == "\n")
        return bisect_right(self._starts, offset)

    def position(self, offset: int) -> Position:
        line = self.line(offset)
        return Position(self.file, line, offset - self._starts[line - 1] + 1)

    def problem(self, offset: int, message: str, fix: str | None = None, *, rule: str = SYNTAX) -> Diagnostic:
        return Diagnostic(message, self.position(offset), fix, rule=rule)

    def invalid(self, offset: int, message: str, fix: str | None = None, *, rule: str = SYNTAX) -> TemplateInvalid:
        return TemplateInvalid([self.problem(offset, message, fix, rule=rule)])
