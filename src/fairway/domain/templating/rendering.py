"""Fills a template in. Every variable that is missing is found in one go, and told with its place.

The rule not to break: messages name variables and never show their values, which may be secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fairway.domain.errors import Diagnostic, Severity
from fairway.domain.repository.findings import suggestion
from fairway.domain.templating.errors import HELPER, MISSING, VALUE, Source, TemplateInvalid
from fairway.domain.templating.nodes import Block, Call, Content, Expression, Literal, Mustache, Path, Program
from fairway.domain.templating.parsing import Template
from fairway.domain.templating.values import MISSING as NOTHING
from fairway.domain.templating.values import as_text, below, escaped, is_empty

BLOCKS = ("each", "if", "unless", "with")
HELPERS = (*BLOCKS, "lookup")
RESERVED = (*HELPERS, "log")
MOST_CHARACTERS = 25_000_000
"""More than GitHub takes as a payload; loops within loops must not fill the memory."""


@dataclass(frozen=True)
class Rendered:
    text: str
    warnings: tuple[Diagnostic, ...]
    _pieces: tuple[tuple[int, int, bool], ...] = field(default=(), repr=False)
    _source: Source | None = field(default=None, repr=False)

    def source_line(self, line: int) -> int:
        """The line of the template that a line of the text comes from; both count from 1."""
        if self._source is None or not self._pieces:
            return line
        start = 0
        for _ in range(line - 1):
            start = self.text.find("\n", start) + 1
            if not start:
                break
        at, origin, verbatim = max((one for one in self._pieces if one[0] <= start), default=self._pieces[0])
        return self._source.line(origin + (start - at) if verbatim else origin)


def render(template: Template, variables: Mapping[str, Any], *, allow_missing: bool = False) -> Rendered:
    """The text. Raises TemplateInvalid with all that is missing; with `allow_missing` that prints nothing."""
    run = _Run(template.source, allow_missing, dict(variables))
    try:
        run.program(template.program, _Scope(run.variables, (run.variables,), {"root": run.variables}))
    except RecursionError:
        raise template.source.invalid(0, "blocks and calls are nested too deeply") from None
    if run.problems:
        raise TemplateInvalid(run.problems)
    return Rendered("".join(run.texts), tuple(run.warnings), tuple(run.pieces), template.source)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where names are looked up: the value at hand, those around it, `@` data, and names of blocks."""

    this: Any
    around: tuple[Any, ...]
    """The values that `..` goes to; the first is `this`."""
    data: Mapping[str, Any]
    outer: _Scope | None = None
    """Of the loop around, for `@../index`."""
    names: Mapping[str, Any] = field(default_factory=dict)

    def into(self, value: Any, names: Mapping[str, Any]) -> _Scope:
        around = self.around if _same(value, self.around[0]) else (value, *self.around)
        return replace(self, this=value, around=around, names={**self.names, **names})

    def round(self, value: Any, data: Mapping[str, Any], names: Mapping[str, Any]) -> _Scope:
        """Of one round of a loop."""
        return replace(self.into(value, names), data={**self.data, **data}, outer=self)


class _Run:
    def __init__(self, source: Source, allow_missing: bool, variables: dict[str, Any]) -> None:
        self.variables = variables
        self.problems: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.texts: list[str] = []
        self.pieces: list[tuple[int, int, bool]] = []
        self._source = source
        self._allow_missing = allow_missing
        self._length = 0
        self._told: set[int] = set()

    def program(self, program: Program | None, scope: _Scope) -> None:
        for node in program.body if program is not None else ():
            if isinstance(node, Content):
                self._print(node.value, node.at, verbatim=True)
            elif isinstance(node, Mustache):
                self._mustache(node, scope)
            elif isinstance(node, Block):
                self._block(node, scope)

    def _print(self, text: str, at: int, *, verbatim: bool = False) -> None:
        if text:
            self.pieces.append((self._length, at, verbatim))
            self.texts.append(text)
            self._length += len(text)
            if self._length > MOST_CHARACTERS:
                raise self._source.invalid(at, f"the result is longer than {MOST_CHARACTERS:,} characters")

    def _mustache(self, node: Mustache, scope: _Scope) -> None:
        call = node.call
        if call.is_bare and call.target.word not in RESERVED:
            value = self._found(call.target, scope)
        else:
            value = self._called(call, scope)
        if isinstance(value, dict) and not self._allow_missing:
            message = f"{call.target.written} is a map, which can't be printed"
            self._problem(call.target.at, message, f"print one of its keys: {', '.join(sorted(value)[:8])}", VALUE)
            return
        text = as_text(value)
        if node.is_escaped:
            raw, text = text, escaped(text)
            if raw != text:
                self._warn(node, call)
        self._print(text, node.at)

    def _warn(self, node: Mustache, call: Call) -> None:
        if node.at not in self._told:
            self._told.add(node.at)
            name = call.target.written
            message = f"{{{{{name}}}}} changes characters that HTML knows (& < > \" ' ` =) in this value"
            found = self._source.problem(node.at, message, f"write {{{{{{{name}}}}}}} to print it as it is", rule=VALUE)
            self.warnings.append(replace(found, severity=Severity.WARNING))

    def _block(self, block: Block, scope: _Scope) -> None:
        call, word = block.call, block.call.target.word
        if word in BLOCKS:
            self._helper_block(block, scope, word)
            return
        if not call.is_bare:
            raise self._unknown(call)
        value = self._found(call.target, scope, quietly=block.inverse is not None)
        if value is True:
            self.program(block.program, scope)
        elif value is False or value is None or value is NOTHING:
            self.program(block.inverse, scope)
        elif isinstance(value, list):
            self._each(block, value, scope)
        else:
            self.program(block.program, scope.into(value, _named(block, value)))

    def _helper_block(self, block: Block, scope: _Scope, word: str) -> None:
        (value, zero_counts) = self._argument(block, scope, word)
        match word:
            case "each":
                self._each(block, value, scope)
            case "with":
                if is_empty(value):
                    self.program(block.inverse, scope)
                else:
                    self.program(block.program, scope.into(value, _named(block, value)))
            case _:
                holds = is_empty(value, zero_counts=zero_counts) == (word == "unless")
                self.program(block.program if holds else block.inverse, scope)

    def _argument(self, block: Block, scope: _Scope, word: str) -> tuple[Any, bool]:
        call = block.call
        allowed = {"includeZero"} if word in ("if", "unless") else set()
        if len(call.arguments) != 1 or set(call.named) - allowed:
            raise self._source.invalid(call.at, f"#{word} takes exactly one argument", f"write {{{{#{word} name}}}}")
        quietly = word in ("if", "unless") or block.inverse is not None
        zero = call.named.get("includeZero")
        zero_counts = zero is not None and not is_empty(self._value(zero, scope), zero_counts=False)
        return self._value(call.arguments[0], scope, quietly=quietly), zero_counts

    def _each(self, block: Block, value: Any, scope: _Scope) -> None:
        rounds = list(_rounds(value))
        for index, (key, item) in enumerate(rounds):
            data = {"key": key, "index": index, "first": index == 0, "last": index == len(rounds) - 1}
            self.program(block.program, scope.round(item, data, _named(block, item, key)))
        if not rounds:
            self.program(block.inverse, scope)

    def _value(self, expression: Expression, scope: _Scope, *, quietly: bool = False) -> Any:
        if isinstance(expression, Literal):
            return expression.value
        if isinstance(expression, Call):
            return self._called(expression, scope, quietly=quietly)
        return self._found(expression, scope, quietly=quietly)

    def _called(self, call: Call, scope: _Scope, *, quietly: bool = False) -> Any:
        word = call.target.word
        if word in BLOCKS:
            fix = f"write {{{{#{word} …}}}}…{{{{/{word}}}}}"
            raise self._source.invalid(call.at, f"{word} is a block", fix, rule=HELPER)
        if call.is_bare and word in RESERVED:
            message = f"{word} is the name of a helper"
            raise self._source.invalid(call.at, message, f"write this.{word} for a variable of that name", rule=HELPER)
        if word != "lookup":
            raise self._unknown(call)
        if len(call.arguments) != 2 or call.named:
            raise self._source.invalid(call.at, "lookup takes two arguments", "write (lookup map name)", rule=HELPER)
        within, key = (self._value(one, scope, quietly=quietly) for one in call.arguments)
        if not within:
            return within
        found = below(within, as_text(key))
        if found is NOTHING and not quietly:
            self._missing(call.at, f"there is nothing under {as_text(key)[:50]!r} in what is looked up", "")
        return found

    def _unknown(self, call: Call) -> TemplateInvalid:
        name = call.target.written
        message = f'no helper "{name}"{suggestion(name, HELPERS)}'
        fix = "a variable takes no arguments" if call.target.parts and call.target.parts[0] in self.variables else None
        return self._source.invalid(call.at, message, fix, rule=HELPER)

    def _found(self, path: Path, scope: _Scope, *, quietly: bool = False) -> Any:
        value, rest = self._start(path, scope)
        if value is NOTHING and not quietly:
            self._missing(path.at, f"{path.written} goes up beyond everything", "take away a ../")
        for number, part in enumerate(rest):
            if value is NOTHING:
                break
            within, value = value, below(value, part)
            if value is NOTHING and not quietly:
                self._tell_missing(path, part, within, is_first=number == 0 and not path.is_scoped)
        return value

    def _start(self, path: Path, scope: _Scope) -> tuple[Any, tuple[str, ...]]:
        """Where a path begins, and the parts that go on from there."""
        if path.is_data:
            frame: _Scope | None = scope
            for _ in range(path.up):
                frame = frame.outer if frame is not None else None
            return dict(frame.data) if frame is not None else {}, path.parts
        if path.parts and not path.is_scoped and path.parts[0] in scope.names:
            return scope.names[path.parts[0]], path.parts[1:]
        if not path.up:
            return scope.this, path.parts
        return (scope.around[path.up] if path.up < len(scope.around) else NOTHING), path.parts

    def _tell_missing(self, path: Path, part: str, within: Any, *, is_first: bool) -> None:
        at = path.at
        if path.is_data:
            self._missing(at, f"{path.written} is only known inside of a loop", "known: @index, @key, @first, @last")
            return
        names = [str(one) for one in within] if isinstance(within, dict) else []
        if is_first:
            message = f'no variable "{part}"{suggestion(part, names)}'
            self._missing(at, message, f"give it: --var {part}=… or in a file of --vars; or --allow-missing")
        else:
            self._missing(at, f'{path.written}: there is no "{part}"{suggestion(part, names)}', "")

    def _missing(self, at: int, message: str, fix: str) -> None:
        if not self._allow_missing:
            self._problem(at, message, fix, MISSING)

    def _problem(self, at: int, message: str, fix: str, rule: str) -> None:
        found = self._source.problem(at, message, fix or None, rule=rule)
        if found not in self.problems:
            self.problems.append(found)


def _rounds(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _named(block: Block, *values: Any) -> dict[str, Any]:
    return dict(zip(block.names, values, strict=False))


def _same(one: Any, other: Any) -> bool:
    """Whether a block stays at the value it was at; then `..` goes up as if there were no block."""
    if isinstance(one, dict | list) or isinstance(other, dict | list):
        return one is other
    return type(one) is type(other) and bool(one == other)
