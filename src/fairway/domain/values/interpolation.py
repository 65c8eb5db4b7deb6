"""`$VAR`, `${VAR:-default}` and `{{release}}` in the strings of `values:` and `defaultValues:`.

One rule: whatever is not exactly of the grammar stays as it is, byte for byte, so that `$1`, `$(date)`, `5$`,
`${a.b}` and the chart's own `{{ .Release.Name }}` need no escaping. Value files are never interpolated.
Grammar: docs/spec/values.md, "Interpolation".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.placeholders import PLACEHOLDER

RELEASE = "release"
"""The placeholder that differs from release to release; the others are fixed in an environment."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class UnsetVariable(UserError):
    """A variable of the process environment is not there; whoever runs the program must set it, no author is wrong."""


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """The same structure with every string (not the keys of maps) changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: map_strings(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [map_strings(item, change) for item in value]
    return value


def has_placeholder(value: Any, name: str = RELEASE) -> bool:
    """Whether a string somewhere in `value` holds `{{name}}`."""
    if isinstance(value, str):
        return "{{" in value and name in PLACEHOLDER.findall(value)
    if isinstance(value, dict):
        return any(has_placeholder(item, name) for item in value.values())
    if isinstance(value, list):
        return any(has_placeholder(item, name) for item in value)
    return False


def expand(text: str, variables: Mapping[str, str], where: Position | None, used: set[str] | None = None) -> str:
    """Replace variables of the process environment; `$$` becomes `$`.

    `${VAR:-default}` takes the default when VAR is unset or empty; the default may hold variables itself.
    Names that were read are added to `used`. Raises `UserError` (`UnsetVariable`) for one unset without default.
    """
    if "$" not in text:
        return text
    out, _ = _expand(text, 0, False, variables, where, used if used is not None else set())
    return out


def _expand(
    text: str, at: int, nested: bool, variables: Mapping[str, str], where: Position | None, used: set[str]
) -> tuple[str, int]:
    """Expand from `at` to the end, or to the closing brace when nested; returns the index behind what it read."""
    out: list[str] = []
    while at < len(text):
        if nested and text[at] == "}":
            return "".join(out), at + 1
        if text[at] != "$":
            out.append(text[at])
            at += 1
        elif text.startswith("$$", at):
            out.append("$")
            at += 2
        elif bare := _NAME.match(text, at + 1):
            out.append(_lookup(bare[0], variables, where, used))
            at = bare.end()
        elif (braced := _NAME.match(text, at + 2)) and text.startswith("${", at) and _closes(text, braced.end()):
            name, at = braced[0], braced.end()
            if text[at] == "}":
                out.append(_lookup(name, variables, where, used))
                at += 1
            elif value := variables.get(name):
                used.add(name)
                out.append(value)
                at = _end_of_default(text, at + 2)
            else:
                default, at = _expand(text, at + 2, True, variables, where, used)
                out.append(default)
        else:
            out.append("$")
            at += 1
    return "".join(out), at


def _closes(text: str, at: int) -> bool:
    if text.startswith("}", at):
        return True
    return text.startswith(":-", at) and _end_of_default(text, at + 2) > 0


def _end_of_default(text: str, at: int) -> int:
    """The index behind the brace that closes a default which starts at `at`; 0 when there is none."""
    depth = 1
    while at < len(text):
        if text.startswith("${", at):
            depth, at = depth + 1, at + 2
            continue
        at += 1
        if text[at - 1] == "}":
            depth -= 1
            if not depth:
                return at
    return 0


def _lookup(name: str, variables: Mapping[str, str], where: Position | None, used: set[str]) -> str:
    used.add(name)
    value = variables.get(name)
    if value is None:
        raise UnsetVariable(
            f"${name} is not set in the environment of this process",
            where=where,
            fix=f"export {name}=…, give a default as ${{{name}:-default}}, or write $${name} for the text itself",
        )
    return value
