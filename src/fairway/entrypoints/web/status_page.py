"""What the agent knows, as text that people and curl can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

INDENT = "  "


def as_text(known: Mapping[str, Any]) -> str:
    """Maps become indented lines, lists of maps one block each; empty values are left out."""
    return "".join(f"{line}\n" for line in _lines(known, "")) or "nothing is known yet\n"


def _lines(value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping):
        return [line for key, inner in value.items() for line in _entry(str(key), inner, indent)]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [line for item in value for line in _item(item, indent)]
    return [f"{indent}{value}"]


def _entry(key: str, value: Any, indent: str) -> list[str]:
    if value is None or value == "" or value == {} or value == []:
        return []
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str | bytes)):
        return [f"{indent}{key}:", *_lines(value, indent + INDENT)]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return [f"{indent}{key}: {value}"]


def _item(value: Any, indent: str) -> list[str]:
    first, *rest = _lines(value, indent + INDENT) or [""]
    return [f"{indent}- {first.strip()}", *rest]
