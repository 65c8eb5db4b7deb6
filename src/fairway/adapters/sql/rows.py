"""Between the ledger's records and rows of its tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping

from fairway.domain.deployments.record import Cause, Change, ChangeKind, Deployment, Door, Run, StatusEntry
from fairway.domain.deployments.status import State
from fairway.domain.deployments.wire import plan_from_plain

Row = dict[str, Any]

_RENAMED = {"user": "user_name", "commit": "commit_id"}
_CAUSE = tuple((field, _RENAMED.get(field, field)) for field in Cause.__dataclass_fields__)


def run_row(run: Run) -> Row:
    row: Row = {"id": run.id, "at": run.at, "door": run.door.value, "action": run.action}
    return row | {column: getattr(run.cause, field) for field, column in _CAUSE}


def run_of(row: RowMapping) -> Run:
    cause = Cause(**{field: row[column] for field, column in _CAUSE})
    return Run(row["id"], row["at"], Door(row["door"]), row["action"], cause)


def deployment_row(deployment: Deployment) -> Row:
    change = deployment.change
    return {
        "id": deployment.id,
        "run_id": deployment.run_id,
        "at": deployment.at,
        "environment": change.environment,
        "release": change.release,
        "action": change.action.value,
        "cluster": change.cluster,
        "namespace": change.namespace,
        "chart": change.chart,
        "chart_version": change.chart_version,
        "chart_version_before": change.chart_version_before,
        "revision_before": change.revision_before,
        "inputs_digest": change.inputs_digest,
        "plan": asdict(change.plan),
        "parent_id": change.parent_id,
        "labels": dict(change.labels),
        "state": State.QUEUED.value,
    }


def deployment_of(row: RowMapping) -> Deployment:
    change = Change(
        environment=row["environment"],
        release=row["release"],
        action=ChangeKind(row["action"]),
        cluster=row["cluster"],
        namespace=row["namespace"],
        chart=row["chart"],
        chart_version=row["chart_version"],
        chart_version_before=row["chart_version_before"],
        revision_before=row["revision_before"],
        inputs_digest=row["inputs_digest"],
        plan=plan_from_plain(row["plan"]),
        parent_id=row["parent_id"],
        labels=row["labels"],
    )
    return Deployment(row["id"], row["run_id"], row["at"], change)


def status_row(entry: StatusEntry, place: int) -> Row:
    return {
        "deployment_id": entry.deployment_id,
        "state": entry.state.value,
        "place": place,
        "at": entry.at,
        "description": entry.description,
        "revision": entry.revision,
    }


def status_of(row: RowMapping) -> StatusEntry:
    return StatusEntry(row["deployment_id"], State(row["state"]), row["at"], row["description"], row["revision"])
