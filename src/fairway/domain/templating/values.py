"""Values as Handlebars treats them: what is below a name, what counts as empty, and how something is printed.

The rule not to break: `MISSING` is what was never given, None is a null that somebody wrote.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final


class Missing:
    """The one value of this class stands for what is not there."""

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;"}
)
_INDEX = re.compile(r"0|[1-9][0-9]*")


def below(value: Any, name: str) -> Any:
    """What `name` means within a value; MISSING when it means nothing."""
    if isinstance(value, dict):
        return value.get(name, MISSING)
    if isinstance(value, list | str):
        if name == "length":
            return len(value)
        if _INDEX.fullmatch(name) and int(name) < len(value):
            return value[int(name)]
    return MISSING


def is_empty(value: Any, *, zero_counts: bool = True) -> bool:
    """As `{{#if}}` and `{{#with}}` see it: false, null, missing, empty text, empty list; zero where it counts."""
    if isinstance(value, dict):
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value == 0 and not zero_counts
    return not value


def as_text(value: Any) -> str:
    if value is None or value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return ",".join(as_text(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else str(value)


def escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _number(value: float) -> str:
    """ECMAScript's Number::toString for base 10."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    written = "".join(map(str, digits))
    point = len(written) + exponent
    if 0 < point <= 21:
        text = written.ljust(point, "0") if exponent >= 0 else f"{written[:point]}.{written[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{written}"
    else:
        fraction = f".{written[1:]}" if len(written) > 1 else ""
        text = f"{written[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"-{text}" if sign else text
