"""JSON Schemas of the kinds of files, made from the written models.

The rule not to break: the copies in docs/spec/schemas are made by `fairway schema`; a test compares them.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from fairway.domain.configuration.file import Configuration
from fairway.domain.repository.written import EnvironmentsFile, ReleasesFile
from fairway.domain.repository.written.base import DURATION_PATTERN
from fairway.domain.upgrades.holds import HoldsFile

_MODELS: dict[str, type[BaseModel]] = {
    "environments": EnvironmentsFile,
    "releases": ReleasesFile,
    "configuration": Configuration,
    "holds": HoldsFile,
}
_TITLES = {
    "environments": "Fairway environments.yaml",
    "releases": "Fairway release file",
    "configuration": "Fairway fairway.yaml",
    "holds": "Fairway fairway.holds.yaml",
}


def json_schema(what: str) -> dict[str, Any]:
    """The schema of a kind of file (see `_MODELS`), in the 2020-12 dialect that editors understand."""
    raw = _MODELS[what].model_json_schema(by_alias=True)
    cleaned = _tidy(raw)
    cleaned["$defs"] = dict(sorted(cleaned["$defs"].items()))
    cleaned["patternProperties"] = {"^x-": {}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **cleaned, "title": _TITLES[what]}


def _tidy(node: Any) -> Any:
    """Without pydantic's titles, without null as an alternative, with union branches flattened, and with defaults as
    people write them."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {
        key: ({name: _tidy(part) for name, part in value.items()} if key in ("properties", "$defs") else _tidy(value))
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and _says_nothing(value))
    }
    if result.get("pattern") == DURATION_PATTERN and "default" in result:
        result["default"] = _shorthand(str(result["default"]))
    choices = result.get("anyOf")
    if isinstance(choices, list):
        choices = [choice for choice in choices if choice != {"type": "null"}]
        if len(choices) == 1 and isinstance(choices[0], dict):
            del result["anyOf"]
            result = {**choices[0], **result}
        else:
            result["anyOf"] = choices
    return result


def _says_nothing(default: Any) -> bool:
    """No default, or a whole section's, which its own keys say better."""
    return default is None or isinstance(default, dict)


def _shorthand(duration: str) -> str:
    """`PT1H30M` is written `1h30m`."""
    return "".join(re.findall(r"[0-9]+[HMS]", duration)).lower()
