"""`Application` and `Naisjob` of nais.io, by what their operator says of the deployment that was asked for.

The rule not to break: a status counts only when it speaks of this deployment: by its correlation id, or, where nothing
carries one, by the generation that was observed. The operator leaves the old status standing until it begins anew.
"""

from __future__ import annotations

from fairway.domain.health.states import Health, behind, condition, failed, healthy, progressing, status_of
from fairway.domain.manifests.objects import Object

CORRELATION_ID = "nais.io/deploymentCorrelationID"
"""Annotation: which delivery applied an object."""

COMPLETE = "RolloutComplete"
FAILURES = frozenset({"FailedPrepare", "FailedGenerate", "FailedSynchronization"})


def application(obj: Object) -> Health:
    if not _is_about_this(obj):
        return progressing("NotObserved", "its operator has not seen the change yet")
    state = str(status_of(obj).get("synchronizationState") or "")
    told = str((condition(obj, "SynchronizationState") or {}).get("message") or "")
    if state == COMPLETE:
        return healthy(state, "rolled out")
    if state in FAILURES:
        return failed(state, f"{state}: {told}" if told else state)
    return progressing(
        state or "NotSynchronized", f"{state}: {told}" if state and told else state or "not taken up yet"
    )


def _is_about_this(obj: Object) -> bool:
    wanted = ((obj.get("metadata") or {}).get("annotations") or {}).get(CORRELATION_ID)
    seen = status_of(obj).get("correlationID")
    if wanted and seen:
        return bool(wanted == seen)
    if status_of(obj).get("observedGeneration") is not None:
        return behind(obj) is None
    return not wanted and bool(status_of(obj))
