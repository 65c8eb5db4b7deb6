"""The part of JSONPath that picks one value out of an object, in kubectl's notation or bare.

`{.status.loadBalancer.ingress[0].ip}`, `$.spec.ports[?(@.name=="http")].port`, `data.host`, `metadata.labels['a.b/c']`;
a negative index counts from the end. One rule: a path that finds nothing is None, a path that cannot be read an error.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from fairway.domain.errors import Position, UserError

_STEP = re.compile(
    r"""\.?(?P<name>[A-Za-z0-9_\-/]+(?:\\.[A-Za-z0-9_\-/]+)*)
      | \[(?P<index>-?\d+)\]
      | \[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\]
      | \[\?\(\s*@\.(?P<key>[A-Za-z0-9_\-.]+)\s*==\s*(?P<literal>"[^"]*"|'[^']*'|-?\d+|true|false)\s*\)\]""",
    re.VERBOSE,
)

Step = str | int | tuple[str, Any]
"""A key, an index, or (key, literal) for the first item whose key equals the literal."""


def select(value: Any, path: str, where: Position | None = None) -> Any:
    """The value at `path`, None when there is none; `UserError` at `where` for a path that cannot be read."""
    steps = _steps(path)
    if steps is None:
        raise UserError(
            f'cannot read the path "{path}"',
            where=where,
            fix='write e.g. status.loadBalancer.ingress[0].ip, or {.spec.ports[?(@.name=="http")].port}',
        )
    for step in steps:
        value = _take(value, step)
        if value is None:
            return None
    return value


def _take(value: Any, step: Step) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, list):
        return None
    if isinstance(step, int):
        return value[step] if -len(value) <= step < len(value) else None
    key, literal = step
    for item in value:
        found: Any = item
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found == literal:
            return item
    return None


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[Step, ...] | None:
    text = path.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    text = text.removeprefix("$")
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or (match["name"] and at and text[at] != "."):
            return None
        at = match.end()
        if match["name"]:
            steps.append(match["name"].replace("\\.", "."))
        elif match["index"]:
            steps.append(int(match["index"]))
        elif match["key"]:
            literal = match["literal"]
            steps.append((match["key"], literal[1:-1] if literal[0] in "\"'" else json.loads(literal)))
        else:
            steps.append(match["quoted"])
    return tuple(steps) or None
