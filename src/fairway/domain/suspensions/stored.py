"""Suspensions as entries of a ConfigMap: one key each, so that two writers of different ones never meet.

The rule not to break: what cannot be read is passed over, and never written over by somebody else's change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from fairway.domain.suspensions.suspension import Suspension

_TIMES = ("at", "until")


def key_of(environment: str, release: str) -> str:
    """`prod`, or `prod__web`; other characters than keys may have become `_` and their hexadecimal code."""
    return f"{_escaped(environment)}__{_escaped(release)}" if release else _escaped(environment)


def encode(one: Suspension) -> str:
    """One line of JSON; empty fields are left out."""
    fields = {name: getattr(one, name) for name in ("environment", "release", "reason", "by")}
    for name in _TIMES:
        at: datetime | None = getattr(one, name)
        fields[name] = at.isoformat() if at is not None else ""
    return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False)


def decode(text: str) -> Suspension | None:
    """None for what is no suspension: somebody edited it by hand."""
    try:
        fields = json.loads(text)
        texts = {name: str(fields.get(name, "")) for name in ("environment", "release", "reason", "by")}
        at, until = (_time(fields.get(name)) for name in _TIMES)
    except (ValueError, TypeError, AttributeError):
        return None
    return Suspension(**texts, at=at, until=until) if texts["environment"] else None


def read(data: Mapping[str, str], environment: str) -> tuple[Suspension, ...]:
    """Those of one environment, the whole environment's own first, then by release."""
    found = (decode(text) for text in data.values())
    mine = [one for one in found if one is not None and one.environment == environment]
    return tuple(sorted(mine, key=lambda one: one.release))


def _time(text: object) -> datetime | None:
    if not text:
        return None
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError(f"{text} names no zone")
    return at


def _escaped(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-.") else _code(c) for c in name)


def _code(character: str) -> str:
    return "".join(f"_{byte:02x}" for byte in character.encode())
