"""Gives a YAML file the house's indentation: two spaces a level, list items two deeper than their key.

The rule not to break: only spaces at the start of lines and behind a dash change; comments, quotes, order and line
ends stay. The result is read again, and when it does not mean the same, the text is refused instead of changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from fairway.domain.errors import Position, UserError
from fairway.domain.yaml.loading import load_all
from fairway.domain.yaml.syntax import explain

STEP = 2

_EXPLICIT_INDENTATION = re.compile(r"[|>][-+]?[1-9]")


def indent(text: str, file: str) -> str:
    """The text with every level indented by two spaces. Raises InvalidInput when it cannot be read, UserError when
    it cannot be indented without changing what it means."""
    before = load_all(text, file)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix("\ufeff")
    result = mark + _Lines(body, file).rewritten()
    try:
        same = load_all(result, file) == before and _comments(result) == _comments(text)
    except UserError:
        same = False
    if not same:
        message = "this file cannot be indented without changing what it means; it was left alone"
        raise UserError(message, where=Position(file), fix="indent it by hand")
    return result


def _comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


@dataclass(slots=True)
class _Block:
    """A block collection: the column of its keys or dashes, before and after."""

    is_list: bool
    old: int
    new: int
    without_start: bool = False
    """A list that stands as deep as its key has no start and no end of its own in the token stream."""


@dataclass(slots=True)
class _Lines:
    text: str
    file: str
    lines: list[str] = field(init=False)
    new: dict[int, int] = field(default_factory=dict)
    """Line number to its new indentation."""
    gaps: dict[int, list[int]] = field(default_factory=dict)
    """Line number to the columns of dashes behind which one space is enough."""
    verbatim: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lines = self.text.splitlines(keepends=True)

    def rewritten(self) -> str:
        self._place_tokens()
        self._place_comments()
        return "".join(self._line(number, line) for number, line in enumerate(self.lines))

    def _place_tokens(self) -> None:
        blocks: list[_Block] = []
        flow = 0
        flow_shift = 0
        dash: yaml.Token | None = None
        try:
            tokens = list(yaml.scan(self.text, Loader=yaml.CSafeLoader))
        except yaml.YAMLError as error:
            raise explain(error, self.text, self.file) from error
        for token in tokens:
            line, column = token.start_mark.line, token.start_mark.column
            if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
                self._place_value(line, blocks)
                if not flow:
                    flow_shift = self.new.get(line, 0) - self._old(line)
                flow += 1
            elif flow:
                if line not in self.new:
                    self.new[line] = max(self._old(line) + flow_shift, _inside(blocks))
                if isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
                    flow -= 1
                elif isinstance(token, yaml.ScalarToken):
                    self._place_continuation(token, blocks)
            elif isinstance(token, yaml.BlockMappingStartToken | yaml.BlockSequenceStartToken):
                is_list = isinstance(token, yaml.BlockSequenceStartToken)
                if dash is not None and dash.start_mark.line == line:
                    self.gaps.setdefault(line, []).append(dash.start_mark.column)
                blocks.append(_Block(is_list, column, _inside(blocks)))
            elif isinstance(token, yaml.BlockEndToken):
                _leave_lists(blocks)
                blocks.pop()
            elif isinstance(token, yaml.BlockEntryToken):
                if blocks and not blocks[-1].is_list and blocks[-1].old == column:
                    blocks.append(_Block(True, column, _inside(blocks), without_start=True))
                self._place(line, blocks)
            elif isinstance(token, yaml.KeyToken):
                _leave_lists(blocks)
                self._place(line, blocks)
            elif isinstance(token, yaml.ScalarToken):
                self._place_value(line, blocks)
                self._place_continuation(token, blocks)
            elif isinstance(token, yaml.AnchorToken | yaml.TagToken | yaml.AliasToken):
                self._place_value(line, blocks)
            elif isinstance(token, yaml.DocumentStartToken | yaml.DocumentEndToken | yaml.DirectiveToken):
                self.new.setdefault(line, 0)
            dash = token if isinstance(token, yaml.BlockEntryToken) else None

    def _old(self, line: int) -> int:
        return _width(self.lines[line])

    def _place(self, line: int, blocks: list[_Block]) -> None:
        self.new.setdefault(line, blocks[-1].new if blocks else 0)

    def _place_value(self, line: int, blocks: list[_Block]) -> None:
        self.new.setdefault(line, _inside(blocks))

    def _place_continuation(self, token: yaml.ScalarToken, blocks: list[_Block]) -> None:
        first = token.start_mark.line + 1
        end = token.end_mark
        last = end.line if end.column or token.style not in ("|", ">") else end.line - 1
        numbers = list(range(first, min(last + 1, len(self.lines))))
        if token.style in ("|", ">"):
            self._place_block_text(token, numbers, blocks)
            return
        for number in numbers:
            if self.lines[number].strip():
                self.new.setdefault(number, _inside(blocks))

    def _place_block_text(self, token: yaml.ScalarToken, numbers: list[int], blocks: list[_Block]) -> None:
        content = [number for number in numbers if self.lines[number].strip()]
        if not content:
            self.verbatim.update(numbers)
            return
        old = self._old(content[0])
        parent = blocks[-1] if blocks else _Block(False, 0, 0)
        explicit = _EXPLICIT_INDENTATION.match(self.lines[token.start_mark.line][token.start_mark.column :])
        shift = (parent.new - parent.old) if explicit else (_inside(blocks) or STEP) - old
        for number in numbers:
            blank = not self.lines[number].strip()
            if blank and self._old(number) <= old:
                self.verbatim.add(number)
            else:
                self.new[number] = max(self._old(number) + shift, 0)

    def _place_comments(self) -> None:
        """A comment goes with the next line that stands as deep as it, else with the last one, else with the next."""
        pending: list[int] = []
        placed: dict[int, int] = {}
        for number, line in enumerate(self.lines):
            if number in self.new or number in self.verbatim:
                self._settle(pending, number, placed)
                pending = []
                if number in self.new:
                    placed[self._old(number)] = self.new[number]
                    for deeper in [column for column in placed if column > self._old(number)]:
                        del placed[deeper]
            elif line.lstrip().startswith("#"):
                pending.append(number)
        self._settle(pending, None, placed)

    def _settle(self, pending: list[int], following: int | None, placed: dict[int, int]) -> None:
        for number in pending:
            old = self._old(number)
            if following is not None and following in self.new and self._old(following) == old:
                self.new[number] = self.new[following]
            elif old in placed:
                self.new[number] = placed[old]
            elif following is not None and following in self.new:
                self.new[number] = max(old + self.new[following] - self._old(following), 0)
            else:
                nearest = max((column for column in placed if column <= old), default=None)
                self.new[number] = old if nearest is None else old - nearest + placed[nearest]

    def _line(self, number: int, line: str) -> str:
        if number in self.verbatim or number not in self.new:
            return line if line.strip() or number in self.verbatim else line.lstrip(" ")
        for column in sorted(self.gaps.get(number, ()), reverse=True):
            line = f"{line[: column + 1]} {line[column + 1 :].lstrip(' ')}"
        return " " * self.new[number] + line[_width(line) :]


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _inside(blocks: list[_Block]) -> int:
    return blocks[-1].new + STEP if blocks else 0


def _leave_lists(blocks: list[_Block]) -> None:
    """End lists that have no end of their own."""
    while blocks and blocks[-1].without_start:
        blocks.pop()
