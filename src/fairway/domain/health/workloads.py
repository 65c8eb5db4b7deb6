"""Kinds that run pods. Source: the rules of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus/status/core.go) and Helm's.

On purpose different from kstatus: what wants no pods and has none is healthy before its controller has seen it, since
nothing can become ready; a Job is healthy when it has completed, not when it has started.
"""

from __future__ import annotations

from fairway.domain.health.pods import phase_failure
from fairway.domain.health.states import (
    Health,
    behind,
    condition,
    failed,
    healthy,
    is_true,
    number,
    progressing,
    spec_of,
    status_of,
    told,
)
from fairway.domain.manifests.objects import Object


def deployment(obj: Object) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    wanted = number(spec, "replicas", 1)
    if wanted == 0 and not number(status, "replicas"):
        return healthy("ScaledToZero", "no pods wanted")
    if spec.get("paused"):
        return healthy("Paused", "paused, nothing rolls out")
    if late := behind(obj):
        return late
    found = condition(obj, "Progressing")
    if found is not None and found.get("reason") == "ProgressDeadlineExceeded":
        return failed("ProgressDeadlineExceeded", told(found, "no progress within progressDeadlineSeconds"))
    refused = condition(obj, "ReplicaFailure")
    if refused is not None and refused.get("status") == "True":
        return progressing("ReplicaFailure", told(refused, "pods can't be created"))
    updated, ready, total = (
        number(status, "updatedReplicas"),
        number(status, "readyReplicas"),
        number(status, "replicas"),
    )
    if updated < wanted:
        return progressing("LessUpdated", f"{updated} of {wanted} pods updated")
    if number(status, "availableReplicas") < wanted or ready < wanted:
        # Ready pods may be old ones, but all updated ones count, so what is not available is new.
        return progressing("LessReady", f"{min(ready, number(status, 'availableReplicas'))} of {wanted} pods ready")
    if total > wanted:
        return progressing("ExtraPods", _ending(total - wanted))
    if not is_true(obj, "Available"):
        return progressing("NotAvailable", f"{ready} of {wanted} pods ready, not available yet")
    return healthy("Available", _ready(wanted))


def stateful_set(obj: Object) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    wanted, total = number(spec, "replicas", 1), number(status, "replicas")
    if wanted == 0 and not total:
        return healthy("ScaledToZero", "no pods wanted")
    if late := behind(obj):
        return late
    strategy = spec.get("updateStrategy") or {}
    changing = status.get("updateRevision") != status.get("currentRevision")
    if strategy.get("type") == "OnDelete" and changing:
        return healthy("OnDelete", "pods change when somebody deletes them")
    ready = number(status, "readyReplicas")
    if total < wanted or ready < wanted:
        return progressing("LessReady", f"{ready} of {wanted} pods ready")
    if total > wanted:
        return progressing("ExtraPods", _ending(total - wanted))
    partition = number(strategy.get("rollingUpdate") or {}, "partition")
    if partition:
        updated = number(status, "updatedReplicas")
        due = max(0, wanted - partition)
        if changing and updated < due:
            return progressing("PartitionRollout", f"{updated} of {due} pods above partition {partition} updated")
        return healthy("PartitionedRollout", f"{due} of {wanted} pods above partition {partition}")
    if changing:
        return progressing("RollingUpdate", f"{number(status, 'updatedReplicas')} of {wanted} pods updated")
    return healthy("Ready", _ready(wanted))


def daemon_set(obj: Object) -> Health:
    if late := behind(obj):
        return late
    status = status_of(obj)
    wanted = number(status, "desiredNumberScheduled")
    updated = number(status, "updatedNumberScheduled")
    if updated < wanted and (spec_of(obj).get("updateStrategy") or {}).get("type") != "OnDelete":
        return progressing("LessUpdated", f"{updated} of {wanted} pods updated")
    ready = min(number(status, "numberReady"), number(status, "numberAvailable"))
    if ready < wanted:
        return progressing("LessReady", f"{ready} of {wanted} pods ready")
    return healthy("Ready", _ready(wanted))


def replica_set(obj: Object) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    wanted, total = number(spec, "replicas", 1), number(status, "replicas")
    if wanted == 0 and not total:
        return healthy("ScaledToZero", "no pods wanted")
    if late := behind(obj):
        return late
    refused = condition(obj, "ReplicaFailure")
    if refused is not None and refused.get("status") == "True":
        return progressing("ReplicaFailure", told(refused, "pods can't be created"))
    ready = min(number(status, "readyReplicas"), number(status, "availableReplicas"))
    if ready < wanted:
        return progressing("LessReady", f"{ready} of {wanted} pods ready")
    if total > wanted:
        return progressing("ExtraPods", _ending(total - wanted))
    return healthy("Ready", _ready(wanted))


def pod(obj: Object) -> Health:
    status = status_of(obj)
    phase = status.get("phase")
    if phase == "Succeeded":
        return healthy("Succeeded", "ran to its end")
    if ended := phase_failure(obj):
        return failed(ended.reason, ended.message or str(ended))
    if is_true(obj, "Ready"):
        return healthy("Ready", "ready")
    return progressing("NotReady", "runs, not ready yet" if phase == "Running" else "not started yet")


def job(obj: Object) -> Health:
    for kind in ("Complete", "SuccessCriteriaMet"):
        if is_true(obj, kind):
            return healthy(kind, "completed")
    for kind in ("Failed", "FailureTarget"):
        found = condition(obj, kind)
        if found is not None and found.get("status") == "True":
            return failed(str(found.get("reason") or "Failed"), told(found, "the job failed"))
    if spec_of(obj).get("suspend"):
        return healthy("Suspended", "suspended, does not run")
    status = status_of(obj)
    done, wanted = number(status, "succeeded"), number(spec_of(obj), "completions", 1)
    lost = number(status, "failed")
    text = f"{done} of {wanted} runs completed" + (f", {lost} failed" if lost else "")
    return progressing("Running", text)


def _ready(wanted: int) -> str:
    return f"{wanted} of {wanted} pods ready"


def _ending(extra: int) -> str:
    return f"{extra} old pod{'s' if extra > 1 else ''} still to end"
