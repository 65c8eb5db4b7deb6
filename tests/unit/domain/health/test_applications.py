"""nais.io's kinds: the state that their operator tells, as long as it is about this deployment."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.health import HealthState, assess
from fairway.domain.health.applications import CORRELATION_ID, FAILURES
from fairway.domain.manifests.objects import Object

H, P, F = HealthState.HEALTHY, HealthState.PROGRESSING, HealthState.FAILED
DONE = {"synchronizationState": "RolloutComplete"}


def application(status: Any = None, *, delivery: str = "new", generation: int = 2, kind: str = "Application") -> Object:
    annotations = {CORRELATION_ID: delivery} if delivery else {}
    metadata = {"name": "shop", "generation": generation, "annotations": annotations}
    made: Object = {"apiVersion": "nais.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": {}}
    return made if status is None else {**made, "status": status}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, P),
        ({}, P),
        ({**DONE, "correlationID": "new"}, H),
        ({**DONE, "correlationID": "old"}, P),
        ({**DONE, "correlationID": "old", "observedGeneration": 2}, P),
        ({**DONE, "observedGeneration": 2}, H),
        ({**DONE, "observedGeneration": 1}, P),
        (DONE, P),
        ({"synchronizationState": "Synchronized", "correlationID": "new"}, P),
        ({"synchronizationState": "Retrying", "correlationID": "new"}, P),
        ({"correlationID": "new"}, P),
        *(({"synchronizationState": failure, "correlationID": "new"}, F) for failure in sorted(FAILURES)),
        ({"synchronizationState": "FailedPrepare", "correlationID": "old"}, P),
        ({"synchronizationState": "FailedSynchronization", "observedGeneration": 1}, P),
    ],
)
@pytest.mark.parametrize("kind", ["Application", "Naisjob"])
def test_only_a_status_about_this_deployment_counts(status: Any, state: HealthState, kind: str) -> None:
    assert assess(application(status, kind=kind)).state is state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, P),
        (DONE, H),
        ({**DONE, "correlationID": "whatever"}, H),
        ({**DONE, "observedGeneration": 1}, P),
        ({"synchronizationState": "FailedPrepare"}, F),
    ],
)
def test_without_a_delivery_the_newest_status_counts(status: Any, state: HealthState) -> None:
    assert assess(application(status, delivery="")).state is state


def test_what_the_operator_says_of_a_failure_is_told() -> None:
    status = {
        "synchronizationState": "FailedPrepare",
        "correlationID": "new",
        "conditions": [{"type": "SynchronizationState", "status": "False", "message": "no such image policy"}],
    }
    assert assess(application(status)).message == "FailedPrepare: no such image policy"


def test_an_application_of_another_group_is_judged_by_its_conditions() -> None:
    other = {**application({"conditions": [{"type": "Ready", "status": "True"}]}), "apiVersion": "argoproj.io/v1alpha1"}
    assert assess(other).state is H
