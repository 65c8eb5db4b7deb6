"""Kubernetes objects as `google.protobuf.Struct` and back.

The rule not to break: what comes out is what went in, or it does not go in. A Struct knows no integers, only doubles:
integral numbers come out as integers, and one that a double can't hold is refused when it is written, by its place.
"""

from __future__ import annotations

import math
from typing import Any

from fairway.domain.errors import UserError
from fairway.domain.manifests.objects import Object

DEEPEST = 30
"""Objects within objects. Readers stop at 100 messages within messages, and each object of ours is three of theirs."""

_INT64 = 2.0**63


class Unsendable(UserError):
    """Something of a request has no exact form in a message; says what, and where it stands."""


class NotJson(ValueError):
    """A number that no JSON text can hold."""


class _Misfit(Exception):
    """On its way out to the top, where the path is complete."""

    def __init__(self, why: str) -> None:
        self.why = why
        self.path = ""


def fill(struct: Any, obj: Object, name: str) -> None:
    """Write an object into an empty Struct. Raises `Unsendable`; `name` is what its path begins with."""
    try:
        _fill_fields(struct.fields, obj, DEEPEST)
    except _Misfit as misfit:
        raise Unsendable(f"{name}{misfit.path}: {misfit.why}", fix="write it as a text, or leave it out") from None


def plain(struct: Any) -> Object:
    """The object that a Struct holds; numbers without a fraction are integers. Raises `NotJson`."""
    return {key: _plain(value) for key, value in struct.fields.items()}


def _fill_fields(fields: Any, obj: Object, room: int) -> None:
    if not room:
        raise _Misfit(f"nested deeper than {DEEPEST} levels")
    for key, item in obj.items():
        try:
            # A key that is no text fails here, as does one that is no Unicode.
            value = fields[key]
            if type(item) is str:
                value.string_value = item
            else:
                _fill_value(value, item, room)
        except _Misfit as misfit:
            misfit.path = f".{key}{misfit.path}"
            raise
        except (TypeError, ValueError) as error:
            raise _at(f".{key!s}", _misfit(key if not isinstance(key, str) else item, error)) from None


def _fill_values(values: Any, items: Any, room: int) -> None:
    if not room:
        raise _Misfit(f"nested deeper than {DEEPEST} levels")
    for index, item in enumerate(items):
        try:
            _fill_value(values.add(), item, room)
        except _Misfit as misfit:
            misfit.path = f"[{index}]{misfit.path}"
            raise
        except (TypeError, ValueError) as error:
            raise _at(f"[{index}]", _misfit(item, error)) from None


def _fill_value(value: Any, item: Any, room: int) -> None:
    # The kind of an empty object or list is told apart only by its being there.
    if isinstance(item, str):
        value.string_value = item
    elif isinstance(item, dict):
        value.struct_value.SetInParent()
        _fill_fields(value.struct_value.fields, item, room - 1)
    elif isinstance(item, bool):
        value.bool_value = item
    elif isinstance(item, int | float):
        value.number_value = _double(item)
    elif isinstance(item, list | tuple):
        value.list_value.SetInParent()
        _fill_values(value.list_value.values, item, room - 1)
    elif item is None:
        value.null_value = 0
    else:
        raise _Misfit(f"a {type(item).__name__} has no form in JSON")


def _double(number: float) -> float:
    try:
        double = float(number)
    except OverflowError:
        double = math.inf
    if double != number or math.isinf(double):
        raise _Misfit(f"the number {_short(number)} can't be sent exactly; numbers travel as doubles")
    return double


def _short(number: float) -> str:
    # Thousands of digits can't even be written without leave.
    if isinstance(number, int) and number.bit_length() > 200:
        return "of more than 60 digits"
    return str(number)


def _misfit(item: Any, error: Exception) -> _Misfit:
    if not isinstance(item, str):
        return _Misfit(f"a {type(item).__name__} as the name of a field; names are texts")
    return _Misfit("not a Unicode text" if isinstance(error, UnicodeError) else str(error))


def _at(step: str, misfit: _Misfit) -> _Misfit:
    misfit.path = step.encode("utf-8", "replace").decode()
    return misfit


def _plain(value: Any) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "struct_value":
            return {key: _plain(item) for key, item in value.struct_value.fields.items()}
        case "list_value":
            return [_plain(item) for item in value.list_value.values]
        case "number_value":
            return _number(value.number_value)
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _number(double: float) -> int | float:
    if not math.isfinite(double):
        raise NotJson(f"the number {double} is not JSON")
    # Beyond 64 bits Kubernetes reads no integers either. A zero loses its sign.
    return int(double) if double.is_integer() and -_INT64 <= double < _INT64 else double
