"""Custom resources, by the conventions for conditions; and rules that a release adds for its own kinds.

Source of the conventions: kstatus' generic rules (Reconciling, Stalled, Ready, observedGeneration) and Kubernetes' API
conventions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from fairway.domain.health.states import Health, condition, failed, healthy, progressing, status_of, told
from fairway.domain.manifests.objects import Kind, Object, group_of
from fairway.domain.values.jsonpath import select

_POSITIVE = ("Ready", "Available")


@dataclass(frozen=True, slots=True)
class HealthRule:
    """Objects of a kind are healthy when the value at `path` is one of `wanted`, and failed when it is one of `failed`.

    `kind` and `group` are globs (the core group is empty), `path` is a JSONPath: `status.phase`,
    `status.conditions[?(@.type=="Synced")].status`. Texts are compared with the value's: `true`, `3`, `Running`.
    """

    kind: str
    path: str
    wanted: tuple[str, ...]
    failed: tuple[str, ...] = ()
    group: str = "*"

    def names(self, kind: Kind) -> bool:
        return fnmatchcase(kind.name, self.kind) and fnmatchcase(kind.group, self.group)


def by_rule(obj: Object, rules: Sequence[HealthRule]) -> Health | None:
    """What the first rule for this kind says; None when there is none. Raises UserError for an unreadable path."""
    kind = Kind(group_of(str(obj.get("apiVersion", ""))), str(obj.get("kind", "")))
    rule = next((rule for rule in rules if rule.names(kind)), None)
    if rule is None:
        return None
    if late := _not_observed(obj):
        return late
    text = _text(select(obj, rule.path))
    if text in rule.wanted:
        return healthy("Rule", f"{rule.path} is {text}")
    if text in rule.failed:
        return failed("Rule", f"{rule.path} is {text}")
    return progressing("Rule", f"{rule.path} is {text or 'not set'}, waiting for {' or '.join(rule.wanted)}")


def by_conditions(obj: Object) -> Health:
    """Any kind that is not known: no status is healthy, `Stalled` fails, `Ready` or `Available` decide."""
    if late := _not_observed(obj):
        return late
    generation = (obj.get("metadata") or {}).get("generation")
    stalled = condition(obj, "Stalled")
    if stalled is not None and stalled.get("status") == "True":
        return failed(str(stalled.get("reason") or "Stalled"), told(stalled, "its controller gave up"))
    working = condition(obj, "Reconciling")
    if working is not None and working.get("status") == "True":
        return progressing("Reconciling", told(working, "its controller is at work"))
    for kind in _POSITIVE:
        found = condition(obj, kind)
        if found is None:
            continue
        seen = found.get("observedGeneration")
        if seen is not None and generation is not None and int(seen) < int(generation):
            return progressing("NotObserved", f"{kind} speaks of an older state")
        if found.get("status") != "True":
            return progressing(str(found.get("reason") or f"Not{kind}"), told(found, f"{kind} is not true yet"))
        return healthy(kind, told(found, kind.lower()))
    return healthy("Exists", "exists")


def _not_observed(obj: Object) -> Health | None:
    """For controllers that say which generation their status is about."""
    generation = (obj.get("metadata") or {}).get("generation")
    observed = status_of(obj).get("observedGeneration")
    if observed is not None and generation is not None and int(observed) < int(generation):
        return progressing("NotObserved", "its controller has not seen the change yet")
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
