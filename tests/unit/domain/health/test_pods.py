"""Pods that won't get better: what counts, from when on, and how it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fairway.domain.health import Failure, Tolerance, pod_failure
from fairway.domain.health.pods import EVENTS, WAITING, When, doing
from fairway.domain.manifests.objects import Object

BORN = datetime(2026, 1, 1, tzinfo=UTC)
TOLERANCE = Tolerance(restarts=2, grace=timedelta(seconds=20), unschedulable=timedelta(seconds=60))


def pod(*containers: Object, phase: str = "Pending", init: list[Object] | None = None, **status: Any) -> Object:
    return {
        "metadata": {"name": "web-1", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": {
            "phase": phase,
            "containerStatuses": list(containers),
            "initContainerStatuses": init or [],
            **status,
        },
    }


def waiting(reason: str, message: str = "", restarts: int = 0, last: Object | None = None) -> Object:
    found: Object = {"name": "app", "restartCount": restarts, "state": {"waiting": {"reason": reason}}, "ready": False}
    if message:
        found["state"]["waiting"]["message"] = message
    if last is not None:
        found["lastState"] = {"terminated": last}
    return found


def after(seconds: float, found: Object, events: list[Object] | None = None) -> Failure | None:
    return pod_failure(found, now=BORN + timedelta(seconds=seconds), events=events or (), tolerance=TOLERANCE)


CRASHED = {"exitCode": 1, "reason": "Error"}
KILLED = {"exitCode": 137, "reason": "OOMKilled"}


@pytest.mark.parametrize(
    ("found", "seconds", "fails"),
    [
        (waiting("ContainerCreating"), 3600, False),
        (waiting("PodInitializing"), 3600, False),
        (waiting("SomethingNew"), 3600, False),
        (waiting("InvalidImageName"), 0, True),
        (waiting("ErrImageNeverPull"), 0, True),
        (waiting("ErrImagePull", "connection timed out"), 19, False),
        (waiting("ErrImagePull", "connection timed out"), 20, True),
        (waiting("ImagePullBackOff", 'failed to resolve reference "a:1": not found'), 0, True),
        (waiting("ImagePullBackOff", "pull access DENIED"), 0, True),
        (waiting("ImagePullBackOff", "401 Unauthorized"), 0, True),
        (waiting("CreateContainerConfigError", 'secret "db" not found'), 19, False),
        (waiting("CreateContainerConfigError", 'secret "db" not found'), 20, True),
        (waiting("RunContainerError"), 20, True),
        (waiting("CrashLoopBackOff", restarts=1, last=CRASHED), 19, False),
        (waiting("CrashLoopBackOff", restarts=1, last=CRASHED), 20, True),
        (waiting("CrashLoopBackOff", restarts=2, last=CRASHED), 0, True),
        (waiting("CrashLoopBackOff", restarts=0), 3600, False),
    ],
)
def test_a_waiting_container_fails_when_its_reason_is_due(found: Object, seconds: float, fails: bool) -> None:
    assert (after(seconds, pod(found)) is not None) is fails


def test_a_crash_loop_reads_as_people_say_it() -> None:
    found = after(0, pod(waiting("CrashLoopBackOff", "back-off 40s", 3, CRASHED), phase="Running"))
    assert str(found) == "pod web-1, container app: CrashLoopBackOff, exit code 1, 3 restarts"
    assert found is not None
    assert found.read_previous_log is True


def test_an_image_that_cannot_be_pulled_quotes_the_registry() -> None:
    found = after(0, pod(waiting("ErrImagePull", "web:9: not found")))
    assert str(found) == "pod web-1, container app: ErrImagePull: web:9: not found"
    assert found is not None
    assert found.read_previous_log is None


def test_an_init_container_counts_too() -> None:
    init = {**waiting("CrashLoopBackOff", restarts=2, last=CRASHED), "name": "migrate"}
    found = after(0, pod(waiting("PodInitializing"), init=[init]))
    assert found is not None
    assert found.container == "migrate"


def test_running_out_of_memory_again_and_again_fails_although_it_runs() -> None:
    running = {
        "name": "app",
        "restartCount": 2,
        "ready": False,
        "state": {"running": {}},
        "lastState": {"terminated": KILLED},
    }
    found = after(0, pod(running, phase="Running"))
    assert str(found) == "pod web-1, container app: OOMKilled, exit code 137, 2 restarts"
    assert after(0, pod({**running, "ready": True}, phase="Running")) is None
    assert after(0, pod({**running, "restartCount": 1}, phase="Running")) is None


def test_a_container_that_ended_for_good_tells_its_exit_code() -> None:
    ended = {"name": "app", "restartCount": 0, "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}
    found = after(0, pod(ended, phase="Failed"))
    assert str(found) == "pod web-1, container app: Error, exit code 3"
    assert found is not None
    assert found.read_previous_log is False


def test_an_evicted_pod_says_why() -> None:
    found = after(0, pod(phase="Failed", reason="Evicted", message="low on memory"))
    assert str(found) == "pod web-1: Evicted: low on memory"


@pytest.mark.parametrize(("seconds", "fails"), [(59, False), (60, True)])
def test_a_pod_without_a_node_gets_time_for_a_new_one(seconds: float, fails: bool) -> None:
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}]
    found = after(seconds, pod(conditions=conditions))
    assert (found is not None) is fails
    if found is not None:
        assert str(found) == "pod web-1: Unschedulable: 0/3 nodes"


@pytest.mark.parametrize(
    ("event", "phase", "seconds", "fails"),
    [
        ({"type": "Warning", "reason": "FailedMount", "message": 'secret "x" not found'}, "Pending", 20, True),
        ({"type": "Warning", "reason": "FailedMount", "message": ""}, "Pending", 19, False),
        ({"type": "Warning", "reason": "FailedMount", "message": ""}, "Running", 3600, False),
        ({"type": "Normal", "reason": "FailedMount", "message": ""}, "Pending", 20, False),
        ({"type": "Warning", "reason": "Unhealthy", "message": ""}, "Pending", 20, False),
    ],
)
def test_events_tell_why_a_container_is_not_created(event: Object, phase: str, seconds: float, fails: bool) -> None:
    found = after(seconds, pod(waiting("ContainerCreating"), phase=phase), [event])
    assert (found is not None) is fails


def test_a_pod_that_is_being_deleted_never_fails() -> None:
    leaving = pod(waiting("InvalidImageName"))
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert after(0, leaving) is None


def test_a_healthy_pod_and_an_empty_one_do_not_fail() -> None:
    assert after(3600, pod({"name": "app", "restartCount": 9, "ready": True, "state": {"running": {}}})) is None
    assert after(3600, {"metadata": {"name": "x"}}) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (pod(conditions=[{"type": "PodScheduled", "status": "False"}]), "waiting for a node"),
        (pod(waiting("ImagePullBackOff")), "ImagePullBackOff"),
        (pod(waiting("ContainerCreating")), "starting"),
        (pod(waiting("PodInitializing"), init=[{"state": {"running": {}}}]), "initialising"),
        (pod({"state": {"running": {}}}, phase="Running"), "not ready yet"),
        (pod(), "starting"),
    ],
)
def test_what_a_pod_is_at_in_a_few_words(found: Object, expected: str) -> None:
    assert doing(found) == expected


def test_the_specification_names_every_reason() -> None:
    spec = (Path(__file__).parents[4] / "docs/spec/health.md").read_text(encoding="utf-8")
    assert [reason for reason in (*WAITING, *EVENTS) if f"`{reason}`" not in spec] == []
    assert set(WAITING.values()) == set(When)
