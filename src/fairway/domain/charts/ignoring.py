"""`.helmignore`: which files of a chart folder do not belong to the chart.

Source of the rules: Helm `pkg/ignore`. The rule not to break: patterns are tried in order and a negated pattern
hides everything that it does not name, odd as that is, because charts were packaged that way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fairway.domain.errors import Diagnostic, InvalidInput, Position

ALWAYS = "templates/.?*"


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: re.Pattern[str]
    base_only: bool
    folders_only: bool
    negated: bool

    def matches(self, path: str) -> bool:
        return bool(self.regex.fullmatch(path.rsplit("/", 1)[-1] if self.base_only else path))


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    patterns: tuple[_Pattern, ...]

    def hides(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path relative to the chart (with `/`) is left out; a hidden folder hides all below it."""
        for pattern in self.patterns:
            if pattern.negated:
                if (pattern.folders_only and not is_folder) or not pattern.matches(path):
                    return True
            elif (is_folder or not pattern.folders_only) and pattern.matches(path):
                return True
        return False


def parse_ignore(text: str, file: str) -> IgnoreRules:
    """Rules of a `.helmignore`, with Helm's own default rule added. Raises InvalidInput with the line."""
    patterns = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        if "**" in rule:
            raise _bad(f'"{rule}": ** is not supported', Position(file, number), "write one pattern per folder level")
        try:
            patterns.append(_pattern(rule))
        except ValueError as error:
            raise _bad(
                f'"{rule}": {error}', Position(file, number), "see path patterns in docs/spec/charts.md"
            ) from None
    return IgnoreRules((*patterns, _pattern(ALWAYS)))


def _bad(message: str, where: Position, fix: str) -> InvalidInput:
    return InvalidInput([Diagnostic(message, where, fix, rule="chart-ignore")])


def _pattern(rule: str) -> _Pattern:
    negated = rule.startswith("!")
    rule = rule.removeprefix("!")
    folders_only = rule.endswith("/")
    rule = rule.removesuffix("/")
    rooted = rule.startswith("/")
    base_only = not rooted and "/" not in rule
    return _Pattern(re.compile("".join(_translate(rule.removeprefix("/")))), base_only, folders_only, negated)


def _translate(glob: str) -> Iterable[str]:
    """Go's `filepath.Match` as a regular expression: `*` and `?` stop at `/`, `[^…]` negates, `\\` quotes."""
    at = 0
    while at < len(glob):
        char = glob[at]
        at += 1
        if char == "*":
            yield "[^/]*"
        elif char == "?":
            yield "[^/]"
        elif char == "\\":
            if at == len(glob):
                raise ValueError("the pattern ends in a backslash")
            yield re.escape(glob[at])
            at += 1
        elif char == "[":
            end = glob.find("]", at + 1)
            if end < 0:
                raise ValueError("a [ has no ]")
            inside = glob[at:end]
            inverse = "^" if inside.startswith("^") else ""
            body = re.sub(r"([\\\[&~|^])", r"\\\1", inside.removeprefix("^"))
            try:
                re.compile(f"[{inverse}{body}]")
            except re.error:
                raise ValueError(f"[{inside}] is not a set of characters") from None
            yield f"(?!/)[{inverse}{body}]"
            at = end + 1
        else:
            yield re.escape(char)


DEFAULT_RULES = parse_ignore("", "")
