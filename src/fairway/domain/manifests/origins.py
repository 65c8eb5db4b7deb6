"""Which line of the repository a changed field comes from: found by its value, since a template tells nothing.

The rule not to break: a wrong line is worse than none, so wherever two lines could have given the value, and neither
is named like the field, none is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.releases.plan import FieldChange

_WORD = re.compile(r"[a-z0-9]+|[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")
_TELLING = 4
"""Text shorter than this, and numbers and booleans, stand in too many places to tell anything by themselves."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value as a release gets it: the names on its way, the value, and the line that it stands on."""

    names: tuple[str, ...]
    value: Any
    position: Position


def with_origins(changes: Sequence[FieldChange], written: Iterable[Written]) -> tuple[FieldChange, ...]:
    """The changes, each with its line where exactly one line can have given the new value."""
    known = [item for item in written if isinstance(item.value, str | int | float) and item.value not in ("", None)]
    return tuple(replace(change, origin=origin_of(change, known)) for change in changes)


def origin_of(change: FieldChange, written: Sequence[Written]) -> Position | None:
    """The line that gave `change.new`: its value is the new one or a new part of it, as a whole word."""
    if not isinstance(change.new, str | int | float):
        return None
    new, old = _text(change.new), _text(change.old)
    best: dict[Position, tuple[bool, bool, int]] = {}
    for item in written:
        value = _text(item.value)
        if not _stands_in(value, new) or (_stands_in(value, old) and value != new):
            continue
        alike = _alike(item.names, change.path)
        if not alike and (not isinstance(item.value, str) or len(value) < _TELLING):
            continue
        rank = (value == new, alike, len(value))
        best[item.position] = max(rank, best.get(item.position, rank))
    if not best:
        return None
    top = max(best.values())
    winners = [position for position, rank in best.items() if rank == top]
    return winners[0] if len(winners) == 1 else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _stands_in(part: str, text: str) -> bool:
    """As a whole word: `1.9` does not stand in `1.9.1`, but does in `web:1.9`."""
    at = text.find(part)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(part) : at + len(part) + 1]
        if not _joins(before) and not _joins(after):
            return True
        at = text.find(part, at + 1)
    return False


def _joins(character: str) -> bool:
    return character.isalnum() or character in (".", "_")


def _alike(names: tuple[str, ...], path: str) -> bool:
    """Whether a value is named like a field: `replicaCount` and `spec.replicas`, `image.tag` and `….image`."""
    wanted = {_stem(word) for name in names[-2:] for word in _WORD.findall(name)}
    last = path.rpartition(".")[2]
    return bool(wanted & {_stem(word) for word in _WORD.findall(last)})


def _stem(word: str) -> str:
    return word.lower().removesuffix("s")
