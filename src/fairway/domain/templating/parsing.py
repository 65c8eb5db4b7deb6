"""A template's text as a tree, with the blanks already taken away that do not belong to the output."""

from __future__ import annotations

from dataclasses import dataclass

from fairway.domain.templating.errors import Source
from fairway.domain.templating.expressions import Reader
from fairway.domain.templating.nodes import Block, Call, Comment, Content, Mustache, Node, Program, Strip
from fairway.domain.templating.scanning import Kind, Piece, Tag, scan
from fairway.domain.templating.whitespace import take_away_blanks

DEEPEST = 100
"""Blocks within blocks."""
_ENDS = (Kind.CLOSE, Kind.INVERSE, Kind.CHAIN)


@dataclass(frozen=True, slots=True)
class Template:
    source: Source
    program: Program


def parse(text: str, file: str) -> Template:
    """Raises TemplateInvalid with the first mistake in how it is written."""
    source = Source(text, file)
    try:
        program = _Parser(source, scan(source)).whole()
        take_away_blanks(program)
    except RecursionError:
        raise source.invalid(0, "brackets are nested too deeply") from None
    return Template(source, program)


class _Parser:
    def __init__(self, source: Source, pieces: list[Piece]) -> None:
        self._source = source
        self._pieces = pieces
        self._next = 0
        self._depth = 0

    def whole(self) -> Program:
        program = self._program()
        if self._next < len(self._pieces):
            tag = self._pieces[self._next]
            assert isinstance(tag, Tag)
            written = self._written(tag)
            raise self._source.invalid(tag.at, f"{written} stands outside of a block", "take it away, or open one")
        return program

    def _program(self) -> Program:
        """Up to a tag that ends it, which is left where it is, or the end."""
        body: list[Node] = []
        while self._next < len(self._pieces):
            piece = self._pieces[self._next]
            if isinstance(piece, Content | Comment):
                body.append(piece)
            elif piece.kind in _ENDS:
                break
            elif piece.kind in (Kind.OPEN, Kind.OPEN_INVERSE):
                body.append(self._block(piece))
                continue
            else:
                call = Reader(self._source, piece).call()
                body.append(Mustache(piece.at, call, piece.kind is Kind.VALUE, piece.strip))
            self._next += 1
        return Program(body)

    def _block(self, opening: Tag) -> Block:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._source.invalid(opening.at, f"blocks are nested more than {DEEPEST} levels deep")
        call, names = Reader(self._source, opening).block()
        self._next += 1
        program = self._program()
        inverse, inverse_strip = self._inverse(opening, allow_chain=opening.kind is Kind.OPEN)
        close_strip = self._closed(opening, call)
        _chain_closed(inverse, close_strip)
        if opening.kind is Kind.OPEN_INVERSE:
            inverted = inverse
            return self._made(opening, call, names, inverted, program, inverse_strip, close_strip)
        return self._made(opening, call, names, program, inverse, inverse_strip, close_strip)

    def _made(
        self,
        opening: Tag,
        call: Call,
        names: tuple[str, ...],
        program: Program | None,
        inverse: Program | None,
        inverse_strip: Strip,
        close_strip: Strip,
    ) -> Block:
        self._depth -= 1
        return Block(opening.at, call, names, program, inverse, opening.strip, inverse_strip, close_strip)

    def _inverse(self, opening: Tag, *, allow_chain: bool) -> tuple[Program | None, Strip]:
        """What follows `{{else}}` or `{{else if …}}`, if there is one."""
        tag = self._pieces[self._next] if self._next < len(self._pieces) else None
        if not isinstance(tag, Tag) or tag.kind is Kind.CLOSE:
            return None, Strip()
        if tag.kind is Kind.INVERSE:
            self._next += 1
            program = self._program()
            following = self._pieces[self._next] if self._next < len(self._pieces) else None
            if isinstance(following, Tag) and following.kind in (Kind.INVERSE, Kind.CHAIN):
                raise self._source.invalid(following.at, "there is a second {{else}} in this block", "take one away")
            return program, tag.strip
        if not allow_chain:
            raise self._source.invalid(
                tag.at, "{{else …}} with a condition can't follow {{^", "write {{else}}{{#if …}}"
            )
        self._depth += 1
        call, names = Reader(self._source, tag).block()
        self._next += 1
        program = self._program()
        inverse, inverse_strip = self._inverse(opening, allow_chain=True)
        _chain_closed(inverse, inverse_strip)
        block = self._made(tag, call, names, program, inverse, inverse_strip, inverse_strip)
        return Program([block], is_chained=True), tag.strip

    def _closed(self, opening: Tag, call: Call) -> Strip:
        if self._next >= len(self._pieces):
            written = self._written(opening)
            fix = f"write {{{{/{call.target.written}}}}} where it ends"
            raise self._source.invalid(opening.at, f"{written} is never closed", fix)
        tag = self._pieces[self._next]
        assert isinstance(tag, Tag)
        name = Reader(self._source, tag).closing()
        if name != call.target.written:
            position = self._source.position(opening.at)
            message = f"{self._written(tag)} does not close {self._written(opening)} of line {position.line}"
            raise self._source.invalid(tag.at, message, f"write {{{{/{call.target.written}}}}} first")
        self._next += 1
        return tag.strip

    def _written(self, tag: Tag) -> str:
        inside = self._source.text[tag.inside : tag.end].strip()
        if tag.kind is Kind.INVERSE:
            return "{{else}}"
        return f"{{{{else {inside}}}}}" if tag.kind is Kind.CHAIN else f"{tag.kind.value}{inside}}}}}"


def _chain_closed(inverse: Program | None, strip: Strip) -> None:
    # Handlebars gives the closing tag's marks to the first link of a chain only, and its own to every other.
    if inverse is not None and inverse.is_chained:
        block = inverse.body[0]
        assert isinstance(block, Block)
        block.close_strip = strip
