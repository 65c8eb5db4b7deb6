"""How the old and the new value of a field look: short ones on the field's line, long ones below it.

The rule not to break: two values that differ never look the same, even when both are cut.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fairway.domain.manifests.diff import changed_lines
from fairway.domain.releases.plan import ABSENT, FieldChange
from fairway.domain.yaml import dump, plain_scalar
from fairway.entrypoints.cli.render.style import clean, shorten

LONGEST_BLOCK = 24
"""Lines shown of a value that needs several."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as it is shown: `old → new` on one line, or `block` lines that begin with ` `, `+` or `-`.

    `sign` is `+` for a new field, `-` for one that goes, and blank for a change.
    """

    path: str
    sign: str
    old: str = ""
    new: str = ""
    block: tuple[str, ...] = ()

    @property
    def inline(self) -> str:
        return f"{self.old} → {self.new}" if self.sign == " " else self.new or self.old


def show(field: FieldChange) -> Shown:
    """The form of one field change."""
    sign = "+" if field.old is ABSENT else "-" if field.new is ABSENT else " "
    old, new = field.old, field.new
    if sign == " " and isinstance(old, str) and isinstance(new, str) and ("\n" in old or "\n" in new):
        return Shown(field.path, sign, block=tuple(map(clean, changed_lines(old, new, limit=LONGEST_BLOCK))))
    if sign != " " and _is_big(value := new if sign == "+" else old):
        return Shown(field.path, sign, block=_block(value, sign))
    if sign == " " and (_is_big(old) or _is_big(new)):
        return Shown(field.path, sign, block=(*_block(old, "-"), *_block(new, "+")))
    return Shown(field.path, sign, "" if sign == "+" else scalar_text(old), "" if sign == "-" else scalar_text(new))


def scalar_text(value: Any) -> str:
    """A value on one line, in YAML's flow style: text bare unless it could be taken for something else."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar_text(key)}: {scalar_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(scalar_text, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    text = clean(value)
    bare = text == value and text.strip() == text and text and isinstance(plain_scalar(text), str)
    return text if bare and text[0] not in "\"'{[" else json.dumps(value, ensure_ascii=False)


def fit(old: str, new: str, room: int) -> tuple[str, str]:
    """Both cut to `room` characters; when they begin alike, the cut moves to where they begin to differ."""
    if len(old) <= room and len(new) <= room:
        return old, new
    alike = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    skip = alike - room // 3
    if skip > 0:
        old, new = "…" + old[skip:], "…" + new[skip:]
    return shorten(old, room), shorten(new, room)


def _is_big(value: Any) -> bool:
    if isinstance(value, str):
        return "\n" in value.rstrip("\n")
    return isinstance(value, dict | list) and bool(value) and len(json.dumps(value)) > 60


def _block(value: Any, sign: str) -> tuple[str, ...]:
    text = value if isinstance(value, str) else dump(value)
    lines = clean(text).rstrip("\n").split("\n")
    more = len(lines) - LONGEST_BLOCK
    shown = tuple(f"{sign}{line}" for line in lines[:LONGEST_BLOCK])
    return (*shown, f"… {more} more lines") if more > 0 else shown
