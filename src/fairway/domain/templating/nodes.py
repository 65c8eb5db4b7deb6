"""What a template consists of. `at` is an offset in its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Path:
    """`../a.b` goes up once and then down by `a` and `b`; `this` has no parts, `@index` is data."""

    at: int
    written: str
    up: int
    parts: tuple[str, ...]
    is_data: bool = False
    is_scoped: bool = False
    """Begins with `this`, `.` or `..`: means the value, never a helper or a block's own name."""

    @property
    def word(self) -> str:
        """The name, where it is nothing more: only then can it be a helper's."""
        return self.parts[0] if len(self.parts) == 1 and not (self.up or self.is_data or self.is_scoped) else ""


@dataclass(frozen=True, slots=True)
class Literal:
    at: int
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Call:
    """A name with what stands behind it. Without arguments it is a variable, or a helper."""

    at: int
    target: Path
    arguments: tuple[Expression, ...] = ()
    named: Mapping[str, Expression] = field(default_factory=dict)

    @property
    def is_bare(self) -> bool:
        return not self.arguments and not self.named


Expression = Path | Literal | Call


@dataclass(frozen=True, slots=True)
class Strip:
    """Which sides of a tag take away the blanks beside it: `{{~` and `~}}`."""

    open: bool = False
    close: bool = False


@dataclass(slots=True)
class Content:
    """Text. `original` is as written, `value` what is left of it; whether each side was taken from once."""

    at: int
    value: str
    original: str
    right_stripped: bool = False
    left_stripped: bool = False


@dataclass(slots=True)
class Comment:
    strip: Strip


@dataclass(slots=True)
class Mustache:
    at: int
    call: Call
    is_escaped: bool
    strip: Strip


@dataclass(slots=True)
class Block:
    """`program` may be missing where the block begins with `{{^`."""

    at: int
    call: Call
    names: tuple[str, ...]
    """What stands between the bars of `as |item index|`."""
    program: Program | None
    inverse: Program | None
    open_strip: Strip
    inverse_strip: Strip
    close_strip: Strip


Node = Content | Comment | Mustache | Block


@dataclass(slots=True)
class Program:
    body: list[Node]
    is_chained: bool = False
    """It is what follows `{{else if …}}`: one block."""
