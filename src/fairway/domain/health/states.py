"""The four answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fairway.domain.manifests.objects import Object


class HealthState(StrEnum):
    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """`reason` is one word for machines, `message` a short text for people without the object's name."""

    state: HealthState
    reason: str = ""
    message: str = ""


def healthy(reason: str = "", message: str = "") -> Health:
    return Health(HealthState.HEALTHY, reason, message)


def progressing(reason: str, message: str) -> Health:
    return Health(HealthState.PROGRESSING, reason, message)


def failed(reason: str, message: str) -> Health:
    return Health(HealthState.FAILED, reason, message)


def status_of(obj: Object) -> Mapping[str, Any]:
    return obj.get("status") or {}


def spec_of(obj: Object) -> Mapping[str, Any]:
    return obj.get("spec") or {}


def condition(obj: Object, kind: str) -> Mapping[str, Any] | None:
    """The condition of a type, or None."""
    for item in status_of(obj).get("conditions") or ():
        if isinstance(item, dict) and item.get("type") == kind:
            return item
    return None


def is_true(obj: Object, kind: str) -> bool:
    found = condition(obj, kind)
    return found is not None and found.get("status") == "True"


def told(found: Mapping[str, Any], otherwise: str) -> str:
    """What a condition says of itself."""
    return str(found.get("message") or found.get("reason") or otherwise)


def number(source: Mapping[str, Any], name: str, default: int = 0) -> int:
    value = source.get(name)
    return default if value is None else int(value)


def behind(obj: Object) -> Health | None:
    """Progressing while the controller has not looked at the newest spec; None when it has."""
    generation = (obj.get("metadata") or {}).get("generation")
    observed = status_of(obj).get("observedGeneration")
    if generation is not None and (observed is None or int(observed) < int(generation)):
        return progressing("NotObserved", "its controller has not seen the change yet")
    return None
