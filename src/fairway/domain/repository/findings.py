"""Collects what is wrong while reading goes on: checks report here and never raise.

The rule not to break: the same finding at the same place counts once, however many environments share the file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from fairway.domain.errors import Diagnostic, Position, Severity

_RELEASE_NOUN = re.compile(r'^release "[^"]*"')
"""A mistake in a template is one mistake, whichever of its releases it was found through."""


class Findings:
    def __init__(self) -> None:
        self._found: dict[tuple[str, Position | None, str], Diagnostic] = {}

    def error(self, rule: str, message: str, where: Position | None, fix: str | None = None) -> None:
        self.add(Diagnostic(message, where, fix, Severity.ERROR, rule))

    def warning(self, rule: str, message: str, where: Position | None, fix: str | None = None) -> None:
        self.add(Diagnostic(message, where, fix, Severity.WARNING, rule))

    def info(self, rule: str, message: str, where: Position | None, fix: str | None = None) -> None:
        self.add(Diagnostic(message, where, fix, Severity.INFO, rule))

    def add(self, *found: Diagnostic) -> None:
        for item in found:
            self._found.setdefault((item.rule, item.position, _RELEASE_NOUN.sub("", item.message)), item)

    @property
    def failed(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self._found.values())

    def in_order(self) -> list[Diagnostic]:
        """By file, line and column; findings without a place come last."""
        return sorted(self._found.values(), key=lambda item: (item.position is None, item.position or Position("")))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody who wrote `word` most likely meant."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def suggestion(word: str, known: Iterable[str], most: int = 12) -> str:
    """`; did you mean "x"?`, or the known words when there are few, or nothing. Goes behind a message."""
    names = sorted(set(known))
    if near := nearest(word, names):
        return f'; did you mean "{near}"?'
    return f"; known: {', '.join(names)}" if 0 < len(names) <= most else ""
