"""What an unquoted scalar means. Source: go-yaml v2 `resolve.go`, then the JSON step of sigs.k8s.io/yaml.

The rule not to break: no timestamps and no sexagesimal numbers; a whole float becomes an integer, as JSON writes it.
"""

from __future__ import annotations

import re
from functools import lru_cache

Plain = str | int | float | bool | None

_KEYWORDS: dict[str, Plain] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], float("nan")),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], float("inf")),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], float("-inf")),
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_LARGEST_WHOLE = 1e21
"""Go's JSON writes floats from here on with an exponent, so they stay floats."""


@lru_cache(maxsize=16384)
def plain_scalar(text: str) -> Plain:
    """The value of an unquoted scalar: bool, None, int, float, or the text itself."""
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    digits = text.replace("_", "") if text[0] != "." else text
    if (whole := _integer(digits)) is not None:
        return whole
    if _FLOAT.match(digits):
        number = float(digits)
        if number in (float("inf"), float("-inf")):
            return text
        return int(number) if number.is_integer() and abs(number) < _LARGEST_WHOLE else number
    return text


def _integer(digits: str) -> int | None:
    match = _INTEGER.match(digits)
    if match is None:
        return None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    for part, base in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)):
        if part is not None:
            number = int(sign + part, base)
            fits = -(1 << 63) <= number < (1 << 63) or (not sign and number < (1 << 64))
            return number if fits else None
    return None


def scalar_text(value: Plain) -> str:
    """A scalar as Helm's templates print it: `true`, `null`, `10`, `1.1`, or the text itself."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    return value if isinstance(value, str) else repr(value)


def reads_differently(text: str) -> str | None:
    """What an unquoted scalar turns into when that is not what it looks like (`1.10` → `1.1`), else None.

    Words for null, and `True` for `true`, keep their meaning and are not reported.
    """
    value = plain_scalar(text)
    if value is None or isinstance(value, str):
        return None
    shown = scalar_text(value)
    return None if shown == text.lower() else shown
