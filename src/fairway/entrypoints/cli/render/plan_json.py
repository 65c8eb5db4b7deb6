"""A plan as data: the contract of `fairway plan --output json`, docs/spec/schemas/plan.schema.json.

The rule not to break: within `fairway.dev/v1` keys are only ever added. A value that is secret is left out and its
change marked `masked`; a side that does not exist is left out and the change is an `add` or a `remove`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.releases.plan import ABSENT, MASKED, EnvironmentPlan, FieldChange, ObjectChange, ReleasePlan
from fairway.domain.releases.revision import Hook

API_VERSION = "fairway.dev/v1"
KIND = "Plan"


def plan_json(plans: Sequence[EnvironmentPlan]) -> dict[str, Any]:
    """The plan as JSON values."""
    releases = [release for plan in plans for release in plan.releases]
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "summary": {
            "releases": dict(sorted(Counter(release.action.value for release in releases).items())),
            "objects": dict(sorted(Counter(o.action.value for release in releases for o in release.objects).items())),
            "restarts": sum(o.restarts for release in releases for o in release.objects),
        },
        "environments": [_environment(plan) for plan in plans],
    }


def _environment(plan: EnvironmentPlan) -> dict[str, Any]:
    return {
        "name": plan.environment,
        "cluster": plan.cluster,
        "namespace": plan.namespace,
        "address": plan.address,
        "commit": plan.commit,
        "subject": plan.subject,
        "dirty": plan.dirty,
        "refusal": plan.refusal,
        "protected": plan.protected,
        "releases": [_release(release) for release in plan.releases],
    }


def _release(release: ReleasePlan) -> dict[str, Any]:
    return {
        "name": release.release,
        "namespace": release.namespace,
        "state": release.state.value,
        "action": release.action.value,
        "reason": release.reason,
        "fromRevision": release.from_revision,
        "chart": {"before": release.chart_before, "after": release.chart_after},
        "objects": [_object(change) for change in release.objects],
        "hooks": [_hook(hook) for hook in release.hooks],
        "inputs": [
            {"name": item.name, "old": item.old, "new": item.new, **_origin("where", item.where)}
            for item in release.inputs
        ],
        "inputsDigest": release.inputs_digest,
        "contentDigest": release.content_digest,
        "warnings": list(release.warnings),
        "needs": list(release.needs),
        "labels": dict(release.labels),
    }


def _object(change: ObjectChange) -> dict[str, Any]:
    return {
        "action": change.action.value,
        "apiVersion": change.ref.api_version,
        "kind": change.ref.kind,
        "namespace": change.ref.namespace,
        "name": change.ref.name,
        "source": change.source,
        "reason": change.reason,
        "restarts": change.restarts,
        "maskedKeys": change.masked_keys,
        "fields": [_field(field) for field in change.fields],
    }


def _field(field: FieldChange) -> dict[str, Any]:
    operation = "add" if field.old is ABSENT else "remove" if field.new is ABSENT else "change"
    shown: dict[str, Any] = {"path": field.path, "operation": operation}
    shown |= {name: value for name, value in (("old", field.old), ("new", field.new)) if value not in (ABSENT, MASKED)}
    if MASKED in (field.old, field.new):
        shown["masked"] = True
    return shown | _origin("origin", field.origin)


def _hook(hook: Hook) -> dict[str, Any]:
    return {
        "kind": hook.kind,
        "name": hook.name,
        "path": hook.path,
        "events": [event.value for event in hook.events],
        "weight": hook.weight,
    }


def _origin(name: str, place: Position | None) -> dict[str, Any]:
    return {name: {"file": place.file, "line": place.line, "column": place.column}} if place else {}
