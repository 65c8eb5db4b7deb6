"""Records as plain JSON values and back: lines of the spool, `ledger export`, and `--output json`.

Contract: docs/spec/ledger.md. Reading is forgiving in one direction only: keys of a newer version are ignored and
missing ones take their default, but what is there must have its type (`ValueError` otherwise).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fairway.domain.deployments.record import (
    Cause,
    Change,
    ChangeKind,
    Deployment,
    Door,
    PlanSummary,
    Run,
    StatusEntry,
    Story,
)
from fairway.domain.deployments.status import State

Plain = dict[str, Any]


def story_as_plain(story: Story) -> Plain:
    """One deployment as `fairway log`, `show` and `ledger export` print it; times are RFC 3339 in UTC.

    Contract: docs/spec/schemas/deployments.schema.json.
    """
    change, cause, run = story.deployment.change, story.run.cause, story.run
    outcome = story.outcome
    return {
        "id": story.id,
        "run": {"id": run.id, "at": time_as_text(run.at), "door": run.door.value, "action": run.action},
        "at": time_as_text(story.deployment.at),
        "environment": change.environment,
        "release": change.release,
        "action": change.action.value,
        "cluster": change.cluster,
        "namespace": change.namespace,
        "chart": change.chart,
        "chartVersion": change.chart_version,
        "chartVersionBefore": change.chart_version_before,
        "revisionBefore": change.revision_before,
        "revisionAfter": story.revision_after,
        "inputsDigest": change.inputs_digest,
        "parentId": change.parent_id,
        "labels": dict(change.labels),
        "cause": {
            "user": cause.user,
            "host": cause.host,
            "command": cause.command,
            "commit": cause.commit,
            "branch": cause.branch,
            "dirty": cause.dirty,
            "subject": cause.subject,
            "repository": cause.repository,
            "deliveryId": cause.delivery_id,
            "reason": cause.reason,
        },
        "plan": {
            "counts": change.plan.counts,
            "objects": [{"action": action, "object": name} for action, name in change.plan.objects],
        },
        "state": story.state.value,
        "outcome": outcome.state.value if outcome else None,
        "reason": outcome.description if outcome else "",
        "startedAt": time_as_text(story.started_at),
        "finishedAt": time_as_text(story.finished_at),
        "durationSeconds": story.duration.total_seconds() if story.duration is not None else None,
        "statuses": [
            {
                "state": entry.state.value,
                "at": time_as_text(entry.at),
                "description": entry.description,
                "revision": entry.revision,
            }
            for entry in story.statuses
        ],
    }


def run_from_plain(plain: Any) -> Run:
    data = _mapping(plain)
    return Run(
        _text(data, "id"),
        time_from_text(data.get("at")),
        Door(_text(data, "door")),
        _text(data, "action"),
        cause_from_plain(data.get("cause", {})),
    )


def cause_from_plain(plain: Any) -> Cause:
    data = _mapping(plain)
    return Cause(
        user=_text(data, "user"),
        host=_text(data, "host"),
        command=_text(data, "command"),
        commit=_text(data, "commit"),
        branch=_text(data, "branch"),
        dirty=data.get("dirty") is True,
        subject=_text(data, "subject"),
        repository=_text(data, "repository"),
        delivery_id=_text(data, "delivery_id"),
        reason=_text(data, "reason"),
    )


def deployment_from_plain(plain: Any) -> Deployment:
    data = _mapping(plain)
    return Deployment(
        _text(data, "id"),
        _text(data, "run_id"),
        time_from_text(data.get("at")),
        change_from_plain(data.get("change", {})),
    )


def change_from_plain(plain: Any) -> Change:
    data = _mapping(plain)
    return Change(
        environment=_text(data, "environment"),
        release=_text(data, "release"),
        action=ChangeKind(_text(data, "action")),
        cluster=_text(data, "cluster"),
        namespace=_text(data, "namespace"),
        chart=_text(data, "chart"),
        chart_version=_text(data, "chart_version"),
        chart_version_before=_text(data, "chart_version_before"),
        revision_before=_number(data, "revision_before"),
        inputs_digest=_text(data, "inputs_digest"),
        plan=plan_from_plain(data.get("plan", {})),
        parent_id=_text(data, "parent_id"),
        labels={str(key): str(value) for key, value in _mapping(data.get("labels", {})).items()},
    )


def plan_from_plain(plain: Any) -> PlanSummary:
    data = _mapping(plain)
    return PlanSummary(
        tuple((str(action), str(name)) for action, name in data.get("objects", ())),
        {str(action): int(number) for action, number in _mapping(data.get("omitted", {})).items()},
    )


def status_from_plain(plain: Any) -> StatusEntry:
    data = _mapping(plain)
    return StatusEntry(
        _text(data, "deployment_id"),
        State(_text(data, "state")),
        time_from_text(data.get("at")),
        _text(data, "description"),
        _number(data, "revision"),
    )


def time_as_text(at: datetime | None) -> str | None:
    """RFC 3339 in UTC with microseconds, e.g. `2026-11-21T11:30:44.123456Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else None


def time_from_text(text: Any) -> datetime:
    """The inverse; also any ISO 8601 time with an offset."""
    if not isinstance(text, str):
        raise ValueError(f"not a time: {text!r}")
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"a time without offset: {text!r}")
    return at.astimezone(UTC)


def _mapping(plain: Any) -> Mapping[str, Any]:
    if not isinstance(plain, Mapping):
        raise ValueError(f"not an object: {plain!r}")
    return plain


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is not a text: {value!r}")
    return value


def _number(data: Mapping[str, Any], key: str) -> int | None:
    value = data.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"{key} is not a number: {value!r}")
    return value
