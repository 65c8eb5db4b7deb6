"""One look at one target: how it is, which of its pods will never come up, what it is at. No I/O here.

The rule not to break: the newest known state counts, never an older one that a shared watch still shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fairway.domain.health import Failure, Health, HealthRule, HealthState, Tolerance, assess, completion, pod_failure
from fairway.domain.health.pods import NEVER_STARTS, doing
from fairway.domain.health.states import condition
from fairway.domain.manifests.objects import Kind, Object, ObjectRef
from fairway.services.waiting.revisions import JOB, POD, WITH_PODS, kind_of, newest_pods, pod_owner
from fairway.services.waiting.view import Feed

EVICTIONS = 3
"""So many pods of one state that ended by force are no accident: a controller replaces a few without harm."""


@dataclass(slots=True)
class Target:
    """An object that is waited for, with the feeds that tell of it."""

    ref: ObjectRef
    applied: Object
    feed: Feed
    replica_sets: Feed | None = None
    pods: Feed | None = None
    since: datetime | None = None
    """When it was first looked at."""
    stuck_since: datetime | None = None
    """Since when nothing can be created for it."""
    rules: Sequence[HealthRule] = ()
    """Those of its release."""

    @property
    def uid(self) -> str:
        return str(self.applied["metadata"].get("uid", ""))

    @property
    def current(self) -> Object:
        """What was applied, or what the watch shows when that is newer."""
        if self.uid in self.feed.gone:
            return self.feed.gone[self.uid]
        seen = self.feed.objects.get(self.ref.name)
        return seen if seen is not None and is_newer(seen, self.applied) else self.applied


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. `asks_events` are objects whose Warning events may tell more."""

    health: Health
    failure: Failure | None = None
    text: str = ""
    pods: Sequence[Object] = ()
    asks_events: Sequence[Object] = field(default=())


def needs_wait(obj: Object, rules: Sequence[HealthRule] = ()) -> bool:
    """Whether an object, as the server returned it, is not healthy yet: only then is anything watched."""
    return assess(obj, rules).state is not HealthState.HEALTHY


def is_newer(seen: Object, applied: Object) -> bool:
    """Of one object, by resourceVersion, which Kubernetes counts up."""
    theirs, ours = seen["metadata"], applied["metadata"]
    if theirs.get("uid") != ours.get("uid"):
        return False
    a, b = str(theirs.get("resourceVersion", "")), str(ours.get("resourceVersion", ""))
    if a.isdigit() and b.isdigit():
        return int(a) >= int(b)
    return int(theirs.get("generation") or 0) >= int(ours.get("generation") or 0)


def look_at(
    target: Target,
    *,
    now: datetime,
    tolerance: Tolerance,
    events: Mapping[str, Sequence[Object]],
) -> Look:
    """`events` are the Warning events that were read so far, by the uid of what they are about."""
    target.since = target.since or now
    obj = target.current
    if target.uid in target.feed.gone:
        return Look(_last_state(obj))
    health = assess(obj, target.rules)
    kind = kind_of(obj)
    if kind == POD:
        failure = pod_failure(obj, now=now, events=events.get(target.uid, ()), tolerance=tolerance)
        return Look(health, failure, doing(obj), (obj,), (obj,) if _may_be_stuck(obj, now, tolerance) else ())
    if kind not in WITH_PODS:
        asks = (obj,) if health.reason == "NotBound" else ()
        health = _claim_health(_lost_for_good(target, health, now, tolerance), events.get(target.uid, ()))
        return Look(health, None, health.message, (), asks)
    pods = newest_pods(obj, target.replica_sets, target.pods)
    failure = _worst(kind, pods, now, tolerance, events)
    if failure is None and health.state is HealthState.PROGRESSING:
        failure = _not_created(target, obj, health, pods, now, tolerance, events)
    stuck = [pod for pod in pods if _may_be_stuck(pod, now, tolerance)]
    owner = _creator(target, obj)
    if not pods and owner is not None and now - target.since >= tolerance.grace / 2:
        stuck = [owner]
    return Look(health, failure, _text(health, pods), pods, stuck)


def _last_state(gone: Object) -> Health:
    """Being deleted is a failure, unless it ran to its end and was cleaned up (`ttlSecondsAfterFinished: 0`)."""
    ran = completion(gone)
    if kind_of(gone) in (JOB, POD) and ran.state is HealthState.HEALTHY:
        return ran
    return Health(HealthState.FAILED, "Deleted", "was deleted while it was waited for")


def _worst(
    kind: Kind, pods: Sequence[Object], now: datetime, tolerance: Tolerance, events: Mapping[str, Sequence[Object]]
) -> Failure | None:
    ended = 0
    for pod in pods:
        found = pod_failure(pod, now=now, events=events.get(pod["metadata"].get("uid", ""), ()), tolerance=tolerance)
        if found is None:
            continue
        if kind == JOB and found.reason not in NEVER_STARTS:
            # A Job counts its failed runs itself.
            continue
        if (pod.get("status") or {}).get("phase") == "Failed":
            ended += 1
            if ended < EVICTIONS:
                continue
        return found
    return None


def _not_created(
    target: Target,
    obj: Object,
    health: Health,
    pods: Sequence[Object],
    now: datetime,
    tolerance: Tolerance,
    events: Mapping[str, Sequence[Object]],
) -> Failure | None:
    """Quota, a policy or a missing service account: the controller can't create pods, and says so again and again."""
    message = health.message if health.reason == "ReplicaFailure" else ""
    if not message and not pods:
        owner = _creator(target, obj)
        told = events.get(owner["metadata"].get("uid", ""), ()) if owner is not None else ()
        message = next((str(e.get("message")) for e in told if e.get("reason") == "FailedCreate"), "")
    if not message:
        target.stuck_since = None
        return None
    target.stuck_since = target.stuck_since or now
    if now - target.stuck_since < tolerance.grace:
        return None
    return Failure("", "FailedCreate", message)


def _creator(target: Target, obj: Object) -> Object | None:
    """What creates the pods: a Deployment's newest ReplicaSet, else the object itself."""
    if target.replica_sets is None:
        return obj
    uid = pod_owner(obj, target.replica_sets)
    return next((rs for rs in target.replica_sets.objects.values() if rs["metadata"].get("uid") == uid), None)


def _lost_for_good(target: Target, health: Health, now: datetime, tolerance: Tolerance) -> Health:
    """The volume controller calls a claim lost also when it has not yet seen the volume, and then takes it back."""
    if health.reason != "Lost":
        target.stuck_since = None
        return health
    target.stuck_since = target.stuck_since or now
    if now - target.stuck_since < tolerance.grace:
        return Health(HealthState.PROGRESSING, health.reason, health.message)
    return health


def _claim_health(health: Health, events: Sequence[Object]) -> Health:
    """A volume claim that is bound on first use has done all it can."""
    if health.reason == "NotBound" and any(e.get("reason") == "WaitForFirstConsumer" for e in events):
        return Health(HealthState.HEALTHY, "WaitForFirstConsumer", "is bound when a pod uses it")
    return health


def _text(health: Health, pods: Sequence[Object]) -> str:
    """`2 of 3 pods ready; web-7d9f-x2x1 starting`."""
    for pod in pods:
        ready = condition(pod, "Ready")
        if ready is None or ready.get("status") != "True":
            return f"{health.message}; {pod['metadata']['name']} {doing(pod)}"
    return health.message


def _may_be_stuck(pod: Object, now: datetime, tolerance: Tolerance) -> bool:
    """No container runs, and there was time enough: now events may tell why."""
    created = pod["metadata"].get("creationTimestamp")
    is_pending = (pod.get("status") or {}).get("phase") in (None, "Pending")
    return is_pending and bool(created) and now - datetime.fromisoformat(created) >= tolerance.grace
