"""Runs, deployments and logs for tests, at times that count from noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fairway.domain.deployments.ids import encode
from fairway.domain.deployments.record import (
    Cause,
    Change,
    ChangeKind,
    Deployment,
    Door,
    PlanSummary,
    Run,
    StatusEntry,
)
from fairway.domain.deployments.status import State

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def id_at(seconds: float, randomness: int = 0) -> str:
    return encode(int(at(seconds).timestamp() * 1000), randomness)


def a_run(seconds: float = 0, *, randomness: int = 7, **cause: Any) -> Run:
    known = {"user": "anna", "host": "desk", "command": "fairway apply prod", "commit": "3f2c1ab" * 5 + "3f2c1"}
    return Run(id_at(seconds, randomness), at(seconds), Door.CLI, "apply", Cause(**(known | cause)))


def a_deployment(run: Run, seconds: float = 1, *, randomness: int = 0, **change: Any) -> Deployment:
    known: dict[str, Any] = {
        "environment": "prod",
        "release": "web",
        "action": ChangeKind.UPGRADE,
        "cluster": "eu-1",
        "namespace": "shop",
        "chart": "web",
        "chart_version": "1.9.1",
        "chart_version_before": "1.9.0",
        "revision_before": 11,
        "inputs_digest": "sha256:" + "ab" * 32,
        "plan": PlanSummary.of([("update", "Deployment web"), ("create", "ConfigMap web-5f9c")]),
        "labels": {"owner": "web-team"},
    }
    return Deployment(id_at(seconds, randomness), run.id, at(seconds), Change(**(known | change)))


def a_log(deployment: Deployment, *states: State, start: float = 1, **last: Any) -> list[StatusEntry]:
    """One entry per state, a second apart; `last` are fields of the last entry."""
    entries = [StatusEntry(deployment.id, state, at(start + step)) for step, state in enumerate(states)]
    if last:
        ending = entries[-1]
        entries[-1] = StatusEntry(ending.deployment_id, ending.state, ending.at, **last)
    return entries
