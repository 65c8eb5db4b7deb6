"""`{{release}}`, `{{environment}}` and a template's parameters, filled into what releases inherit.

The rule not to break: only a bare word that is a known name is filled. `{{ .Values.x }}`, `{{include "a" .}}` and
unknown words belong to the chart's templates and stay byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

BUILT_IN = ("release", "environment", "cluster", "namespace")
PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}\}")


def fill(value: Any, names: Mapping[str, Any]) -> Any:
    """A copy of `value` with every known placeholder in its texts filled; maps and lists are walked, keys are not.

    A text that is one placeholder and nothing else becomes the parameter itself, so that numbers stay numbers.
    """
    if isinstance(value, str):
        return _fill_text(value, names) if "{{" in value else value
    if isinstance(value, dict):
        return {key: fill(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    return value


def _fill_text(text: str, names: Mapping[str, Any]) -> Any:
    whole = PLACEHOLDER.fullmatch(text)
    if whole and whole.group(1) in names:
        return names[whole.group(1)]

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in names:
            return match.group(0)
        value = names[name]
        return (
            value
            if isinstance(value, str)
            else ""
            if value is None
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )

    return PLACEHOLDER.sub(replace, text)


def unknown_placeholders(text: str, names: Mapping[str, Any]) -> list[str]:
    return [name for name in PLACEHOLDER.findall(text) if name not in names] if "{{" in text else []
