"""Pods that won't get better by waiting, and why: what people need to know instead of a timeout.

The rule not to break: what another object or a new node may still cure gets its grace; what nobody but the author can
cure fails at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from fairway.domain.health.states import condition, number, status_of
from fairway.domain.manifests.objects import Object


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How long to hope. Times count from the pod's creation."""

    restarts: int = 2
    """A crash loop counts from so many restarts on."""
    grace: timedelta = timedelta(seconds=20)
    """For what another object may still cure: a missing ConfigMap, a volume, a registry that does not answer."""
    unschedulable: timedelta = timedelta(seconds=60)
    """For pods without a node: an autoscaler may add one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a pod won't become ready. `container` is empty when it is about the pod as a whole."""

    pod: str
    reason: str
    message: str
    container: str = ""
    exit_code: int | None = None
    restarts: int = 0
    read_previous_log: bool | None = None
    """Which log explains it: that of the container's previous run, of this run, or (None) none."""

    def __str__(self) -> str:
        """`pod web-7d9f-x2x1, container app: CrashLoopBackOff, exit code 1, 3 restarts`."""
        parts = [self.reason]
        if self.exit_code is not None:
            parts.append(f"exit code {self.exit_code}")
        if self.restarts:
            parts.append(f"{self.restarts} restart{'s' if self.restarts > 1 else ''}")
        where = f"pod {self.pod}" + (f", container {self.container}" if self.container else "")
        text = f"{where}: {', '.join(parts)}"
        return f"{text}: {self.message}" if self.message and self.read_previous_log is None else text


class When(Enum):
    """From when on a reason for waiting counts as a failure."""

    AT_ONCE = auto()
    AFTER_GRACE = auto()
    IF_HOPELESS = auto()
    """At once when the registry's words leave no hope, else after the grace."""
    AFTER_RESTARTS = auto()


WAITING: dict[str, When] = {
    "InvalidImageName": When.AT_ONCE,
    "ErrImageNeverPull": When.AT_ONCE,
    "ErrImagePull": When.IF_HOPELESS,
    "ImagePullBackOff": When.IF_HOPELESS,
    "RegistryUnavailable": When.AFTER_GRACE,
    "SignatureValidationFailed": When.AT_ONCE,
    "CreateContainerConfigError": When.AFTER_GRACE,
    "CreateContainerError": When.AFTER_GRACE,
    "RunContainerError": When.AFTER_GRACE,
    "StartError": When.AFTER_GRACE,
    "PreCreateHookError": When.AFTER_GRACE,
    "PreStartHookError": When.AFTER_GRACE,
    "PostStartHookError": When.AFTER_RESTARTS,
    "CrashLoopBackOff": When.AFTER_RESTARTS,
}
"""A container's reason for waiting → from when on nobody should wait for it. Reasons that are not here may pass."""

EVENTS: dict[str, When] = {
    "FailedMount": When.AFTER_GRACE,
    "FailedAttachVolume": When.AFTER_GRACE,
    "FailedCreatePodSandBox": When.AFTER_GRACE,
    "FailedBinding": When.AFTER_GRACE,
}
"""Reasons of Warning events for a pod whose containers have not been created."""

HOPELESS = ("not found", "manifest unknown", "denied", "unauthorized", "authentication required", "no such manifest")

NEVER_STARTS = frozenset(WAITING) - {"CrashLoopBackOff", "PostStartHookError"}
"""Reasons that keep a container from ever running; a Job's own retries won't help against them."""


def pod_failure(
    pod: Object, *, now: datetime, events: Sequence[Object] = (), tolerance: Tolerance = Tolerance()
) -> Failure | None:
    """The first thing about a pod that waiting won't cure; None while there is hope.

    `events` are those of this pod; they only matter while its containers have not been created.
    """
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return None
    if ended := phase_failure(pod):
        return ended
    age = now - (_time((pod.get("metadata") or {}).get("creationTimestamp")) or now)
    name = _name(pod)
    for status in _containers(pod):
        if found := _container_failure(name, status, age, tolerance):
            return found
    return _not_placed(pod, age, tolerance) or _told_by_events(pod, events, age, tolerance)


def phase_failure(pod: Object) -> Failure | None:
    """A pod that ended badly: evicted, past its deadline, or a container failed that is not restarted."""
    status = status_of(pod)
    if status.get("phase") != "Failed":
        return None
    for container in _containers(pod):
        ended = (container.get("state") or {}).get("terminated") or {}
        if number(ended, "exitCode"):
            return _terminated(_name(pod), container, ended, read_previous_log=False)
    return Failure(_name(pod), str(status.get("reason") or "Failed"), str(status.get("message") or ""))


def doing(pod: Object) -> str:
    """What a pod that is not ready is at, in a few words: `pulling image`, `starting`, `waiting for a node`."""
    status = status_of(pod)
    scheduled = condition(pod, "PodScheduled")
    if scheduled is not None and scheduled.get("status") == "False":
        return "waiting for a node"
    for container in _containers(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason = str(waiting.get("reason") or "")
        if reason and reason not in ("ContainerCreating", "PodInitializing"):
            return reason
    if any(_is_running(s) for s in status.get("initContainerStatuses") or ()):
        return "initialising"
    if status.get("phase") == "Running":
        return "not ready yet"
    return "starting"


def _container_failure(pod: str, status: Mapping[str, Any], age: timedelta, tolerance: Tolerance) -> Failure | None:
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    last = (status.get("lastState") or {}).get("terminated") or {}
    restarts = number(status, "restartCount")
    if last.get("reason") == "OOMKilled" and restarts >= tolerance.restarts and not status.get("ready"):
        return _terminated(pod, status, last, read_previous_log=True)
    reason = str(waiting.get("reason") or "")
    when = WAITING.get(reason)
    message = str(waiting.get("message") or "")
    if when is None or not _is_due(when, message, restarts, age, tolerance):
        return None
    if last:
        return Failure(pod, reason, message, _name(status), number(last, "exitCode"), restarts, read_previous_log=True)
    log = True if when is When.AFTER_RESTARTS else None
    return Failure(pod, reason, message, _name(status), None, restarts, read_previous_log=log)


def _is_due(when: When, message: str, restarts: int, age: timedelta, tolerance: Tolerance) -> bool:
    match when:
        case When.AT_ONCE:
            return True
        case When.AFTER_GRACE:
            return age >= tolerance.grace
        case When.IF_HOPELESS:
            return age >= tolerance.grace or any(word in message.lower() for word in HOPELESS)
        case When.AFTER_RESTARTS:
            return restarts >= tolerance.restarts or (restarts > 0 and age >= tolerance.grace)


def _terminated(pod: str, status: Mapping[str, Any], ended: Mapping[str, Any], *, read_previous_log: bool) -> Failure:
    return Failure(
        pod,
        str(ended.get("reason") or "Error"),
        str(ended.get("message") or ""),
        _name(status),
        number(ended, "exitCode"),
        number(status, "restartCount"),
        read_previous_log,
    )


def _not_placed(pod: Object, age: timedelta, tolerance: Tolerance) -> Failure | None:
    found = condition(pod, "PodScheduled")
    if found is None or found.get("status") != "False" or found.get("reason") != "Unschedulable":
        return None
    if age < tolerance.unschedulable:
        return None
    return Failure(_name(pod), "Unschedulable", str(found.get("message") or ""))


def _told_by_events(pod: Object, events: Sequence[Object], age: timedelta, tolerance: Tolerance) -> Failure | None:
    if age < tolerance.grace or status_of(pod).get("phase") != "Pending":
        return None
    for event in events:
        if event.get("type") == "Warning" and event.get("reason") in EVENTS:
            return Failure(_name(pod), str(event["reason"]), str(event.get("message") or ""))
    return None


def _containers(pod: Object) -> list[Mapping[str, Any]]:
    status = status_of(pod)
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _is_running(status: Mapping[str, Any]) -> bool:
    return "running" in (status.get("state") or {})


def _name(source: Mapping[str, Any]) -> str:
    return str(source.get("name") or (source.get("metadata") or {}).get("name") or "")


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
