"""The base of all written models, and the scalar types that have a notation of their own.

The rule not to break: a validator raises `PydanticCustomError` whose type is a rule id of docs/spec/lint.md and whose
context may carry `fix`; nothing else of pydantic's wording reaches the user.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

DURATION_PATTERN = r"^(([0-9]+h)?([0-9]+m)?([0-9]+s)?|.*\{\{.*)$"
"""For editors; in templates a placeholder may stand there."""
_DURATION = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?\Z")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%\Z")


class Written(BaseModel):
    """camelCase keys, nothing unknown, no conversions: `version: 1.10` is a mistake, not "1.1"."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, frozen=True, defer_build=True)


def complaint(rule: str, message: str, fix: str | None = None) -> PydanticCustomError:
    # The message goes in by context: braces in a user's text are no placeholders.
    return PydanticCustomError(rule, "{message}", {"message": message, "fix": fix})


def parse_duration(value: Any) -> Any:
    """`90s`, `5m`, `1h30m` → timedelta."""
    if isinstance(value, bool | int | float) and value is not False and value is not True:
        raise complaint("bad-duration", f"the duration {value} has no unit", f"write {value}s, {value}m or {value}h")
    match = _DURATION.match(value) if isinstance(value, str) and value else None
    if match is None or not any(match.groups()):
        raise complaint("bad-duration", f"{value!r} is no duration", "write e.g. 90s, 5m or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not length:
        raise complaint("bad-duration", "a duration must be longer than nothing", "write e.g. 90s")
    return length


def parse_share(value: Any) -> Any:
    """`30%` or 0.3 → 0.3. A bare 1 is refused: it reads like a count, and would mean all of them."""
    if isinstance(value, str) and (match := _PERCENT.match(value)):
        share = float(match.group(1)) / 100
    elif isinstance(value, int) and not isinstance(value, bool) and value > 0:
        raise complaint("bad-share", f"{value} is no share: a share is no count", "write e.g. 30%, or 100% for all")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        share = float(value)
    else:
        raise complaint("bad-share", f"{value!r} is no share", "write e.g. 30% or 0.3")
    if not 0 <= share <= 1:
        raise complaint("bad-share", f"{value} is more than all or less than nothing", "write 0% to 100%")
    return share


def parse_scalar(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise complaint("wrong-type", "a parameter is a text, a number, true or false", "write the list or map in `values`")


Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})
]
Share = Annotated[
    float,
    BeforeValidator(parse_share),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^[0-9.]+ *%$"}, {"type": "number", "minimum": 0, "maximum": 1}]}
    ),
]
Parameter = Annotated[
    Any, BeforeValidator(parse_scalar), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
