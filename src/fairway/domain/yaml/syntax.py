"""libyaml's complaints in words that say what to change.

The rule not to break: every answer has the position where a reader should look first.
"""

from __future__ import annotations

import yaml

from fairway.domain.errors import Diagnostic, InvalidInput, Position

RULE = "yaml-syntax"

_INDENTATION = "the indentation of this line fits no block that is open here"


def invalid(message: str, where: Position, fix: str | None = None, rule: str = RULE) -> InvalidInput:
    return InvalidInput([Diagnostic(message, where, fix, rule=rule)])


def explain(error: yaml.YAMLError, text: str, file: str) -> InvalidInput:
    """Translate an error of the parser; `text` is what was parsed (without byte order mark)."""
    if isinstance(error, yaml.reader.ReaderError):
        offset = error.position if isinstance(error.position, int) else 0
        line = text.count("\n", 0, offset) + 1
        column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        return invalid("a control character cannot stand in YAML", Position(file, line, column), "remove it")
    problem = str(getattr(error, "problem", "") or error)
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    where = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)
    opened = Position(file, context.line + 1, context.column + 1) if context else where
    line_text = _line(text, where.line)
    at = line_text[where.column - 1 : where.column] if where.line else ""
    if "\t" in (at, line_text[:1]) or "tab character" in problem:
        where = Position(file, where.line, line_text.find("\t") + 1 or where.column)
        return invalid("a tab is used for indentation", where, "indent with spaces")
    if problem == "found character that cannot start any token":
        return invalid(f"a value cannot start with {at!r}", where, "put the value in quotes")
    if problem.startswith("mapping values are not allowed"):
        fix = "quote a value that contains ': ', or check the indentation of this line"
        return invalid("a second key on the line, or a key indented below a value", where, fix)
    if problem.startswith("block sequence entries are not allowed"):
        return invalid("a list item cannot start behind a key", where, 'put "- …" on its own line below the key')
    if problem in ("did not find expected key", "did not find expected '-' indicator"):
        kind = "a key" if problem.endswith("key") else 'a list item ("- …")'
        fix = f"line {opened.line} opened the block; expected {kind} of the same indentation"
        return invalid(_INDENTATION, where, fix)
    if problem.startswith("did not find expected ',' or"):
        closing = problem.rsplit(" ", 1)[1]
        return invalid(
            f"the bracket opened here is not closed with {closing}", opened, f"close it before line {where.line}"
        )
    if problem == "did not find expected node content":
        return invalid("a list or map in brackets ends too early", opened, "close the bracket")
    if problem == "could not find expected ':'":
        return invalid(
            "this is neither a key (no colon follows) nor a list item", opened, 'write "key: value" or "- item"'
        )
    if problem == "found unexpected end of stream":
        return invalid("the quote opened here is never closed", opened, "close the quote")
    if problem == "found unknown escape character":
        fix = "use single quotes for text with backslashes"
        return invalid("an unknown escape in a double-quoted text", where, fix)
    if problem == "found undefined alias":
        name = line_text[where.column :].split()[0].rstrip(",]}") if where.line else ""
        return invalid(f"the alias *{name} has no anchor &{name} above it", where, f"define &{name} first")
    if problem == "second occurrence":
        return invalid(f"an anchor of this name stands already in line {opened.line}", where, "name it differently")
    if "another document" in problem:
        return invalid("a second document starts here, one was expected", where, 'remove the "---", or split the file')
    return invalid(problem[:200], where)


def _line(text: str, number: int) -> str:
    lines = text.split("\n", number)
    return lines[number - 1] if 0 < number <= len(lines) else ""
