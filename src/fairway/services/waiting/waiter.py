"""`WatchingWaiter`: the engine's waiter, fed by the run's shared watches.

The rule not to break: cancelling (Ctrl-C) leaves nothing behind; the watches belong to the view, and end with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

from fairway.domain.health import Failure, Health, HealthRule, HealthState, Tolerance, completion
from fairway.domain.health.pods import NEVER_STARTS, phase_failure
from fairway.domain.kube_errors import UnknownKind
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.services.engine.ports import ObjectReader
from fairway.services.engine.session import Unhealthy
from fairway.services.waiting.evaluating import Look, Target, look_at, needs_wait
from fairway.services.waiting.revisions import DEPLOYMENT, JOB, POD, WITH_PODS, newest_pods, pod_owner
from fairway.services.waiting.stories import Storyteller, headline
from fairway.services.waiting.view import ClusterView, Feed

TICK = 1.0
"""Seconds after which is looked again without a change: graces run out by time."""
EVENTS_EVERY = timedelta(seconds=5)
_NEVER_RUNS = NEVER_STARTS | {"Unschedulable"}

Progress = Callable[[str], None]


class WatchingWaiter:
    """See `Waiter` in services/engine/session.py. Made by `open_waiter`; shared by all releases of a run."""

    def __init__(
        self,
        kube: ObjectReader,
        view: ClusterView,
        *,
        tolerance: Tolerance,
        now: Callable[[], datetime],
        mask: Callable[[str], str],
    ) -> None:
        self._kube = kube
        self._view = view
        self._tolerance = tolerance
        self._now = now
        self._stories = Storyteller(kube, mask)

    async def until_healthy(
        self,
        applied: Sequence[tuple[ObjectRef, Object]],
        *,
        timeout: timedelta,
        on_progress: Progress,
        rules: Sequence[HealthRule] = (),
    ) -> None:
        """Return when all objects are healthy. `applied` are objects as the server returned them.

        `rules` are the release's own and go before the built-in ones.

        Nothing is asked or watched when they are healthy already. Raises `Unhealthy` as soon as one of them can't
        become healthy any more, and at the timeout with what was still missing.
        """
        waiting = [(ref, obj) for ref, obj in applied if needs_wait(obj, rules)]
        if waiting:
            async with self._targets(waiting, rules=rules) as (targets, changed):
                await self._loop(targets, changed, timeout, on_progress)

    async def until_complete(self, ref: ObjectRef, *, timeout: timedelta, on_progress: Progress) -> None:
        """Return when a Job or a Pod has run to its end; anything else is complete at once, unasked.

        Raises `Unhealthy` when it fails, can't start, vanishes, or does not end in time.
        """
        if ref.key.kind not in (JOB, POD):
            return
        # Asked afresh, because the watch may still show a predecessor of the same name.
        obj = await self._kube.get(ref)
        if obj is None:
            raise Unhealthy(f"{ref} is gone; something deleted it before it had completed")
        if completion(obj).state is HealthState.HEALTHY:
            return
        async with self._targets([(ref, obj)]) as (targets, changed):
            await self._loop(targets, changed, timeout, on_progress, self._completion_of)

    async def until_gone(self, refs: Sequence[ObjectRef], *, timeout: timedelta) -> None:
        """Return when none of the objects exists any more; an object of the same name made since does not count."""
        found = await asyncio.gather(*(self._kube.get(ref) for ref in refs))
        left = [(ref, obj) for ref, obj in zip(refs, found, strict=True) if obj is not None]
        if not left:
            return
        async with self._targets(left, with_pods=False) as (targets, changed):
            deadline = asyncio.get_running_loop().time() + timeout.total_seconds()
            while targets := [target for target in targets if not await self._is_gone(target)]:
                if not await _changed(changed, deadline):
                    raise await self._still_there(targets, timeout)

    async def _loop(
        self,
        targets: list[Target],
        changed: asyncio.Event,
        timeout: timedelta,
        on_progress: Progress,
        judge: Callable[[Target, Look], tuple[Health, Failure | None]] | None = None,
    ) -> None:
        deadline = asyncio.get_running_loop().time() + timeout.total_seconds()
        events: dict[str, list[Object]] = {}
        asked: dict[str, datetime] = {}
        said = ""
        while True:
            looks: list[tuple[Target, Look]] = []
            for target in targets:
                look = self._look(target, events)
                health, failure = judge(target, look) if judge else (look.health, look.failure)
                if health.state is HealthState.HEALTHY:
                    continue
                if failure is not None or health.state is HealthState.FAILED:
                    raise await self._failed(target, look, health, failure)
                looks.append((target, look))
            if not looks:
                return
            targets = [target for target, _ in looks]
            if (text := _progress(looks)) != said:
                said = text
                on_progress(text)
            if await self._read_events(looks, events, asked):
                continue
            self._subscribe(targets, changed)
            if not await _changed(changed, deadline):
                raise await self._timed_out(looks, timeout)

    def _look(self, target: Target, events: dict[str, list[Object]]) -> Look:
        if target.feed.error is not None:
            raise target.feed.error
        return look_at(target, now=self._now(), tolerance=self._tolerance, events=events)

    def _completion_of(self, target: Target, look: Look) -> tuple[Health, Failure | None]:
        """A hook counts by its end, and fails early only when it can never start."""
        health = look.health if look.health.reason == "Deleted" else completion(target.current)
        failure = look.failure
        is_pod = target.ref.key.kind == POD
        if is_pod and health.state is not HealthState.FAILED and failure and failure.reason not in _NEVER_RUNS:
            failure = None
        return health, failure

    async def _read_events(
        self, looks: Sequence[tuple[Target, Look]], events: dict[str, list[Object]], asked: dict[str, datetime]
    ) -> bool:
        """Ask for events about what seems stuck, now and then; True when they brought something new."""
        news = False
        now = self._now()
        for target, look in looks:
            for obj in look.asks_events[:3]:
                uid = str(obj["metadata"].get("uid", ""))
                if uid in asked and now - asked[uid] < EVENTS_EVERY:
                    continue
                asked[uid] = now
                found = await self._stories.warnings(target.ref.namespace, uid)
                news = news or len(found) != len(events.get(uid, ()))
                events[uid] = found
        return news

    @asynccontextmanager
    async def _targets(
        self,
        objects: Sequence[tuple[ObjectRef, Object]],
        *,
        with_pods: bool = True,
        rules: Sequence[HealthRule] = (),
    ) -> AsyncIterator[tuple[list[Target], asyncio.Event]]:
        """Targets with their feeds, and the event that is set when anything about them changes."""
        resources = await self._kube.discover()
        changed = asyncio.Event()
        feeds: set[int] = set()
        opened: list[Feed] = []
        async with AsyncExitStack() as stack:

            async def feed_of(api_version: str, kind: str, namespace: str) -> Feed | None:
                resource = resources.by_ref.get((api_version, kind))
                if resource is None or "watch" not in resource.verbs:
                    return None
                feed = await stack.enter_async_context(self._view.follow(resource, namespace))
                if id(feed) not in feeds:
                    feeds.add(id(feed))
                    opened.append(feed)
                return feed

            targets: list[Target] = []
            for ref, obj in objects:
                feed = await feed_of(ref.api_version, ref.kind, ref.namespace)
                if feed is None:
                    raise UnknownKind(f"{ref}: the cluster has no {ref.kind} in {ref.api_version} that can be watched")
                target = Target(ref, obj, feed, rules=rules)
                if with_pods and ref.key.kind in WITH_PODS:
                    target.pods = await feed_of("v1", "Pod", ref.namespace)
                    if ref.key.kind == DEPLOYMENT:
                        target.replica_sets = await feed_of("apps/v1", "ReplicaSet", ref.namespace)
                targets.append(target)
            self._subscribe(targets, changed)
            try:
                yield targets, changed
            finally:
                for feed in opened:
                    feed.forget(changed)

    def _subscribe(self, targets: Sequence[Target], changed: asyncio.Event) -> None:
        for target in targets:
            target.feed.wake(changed, [target.ref.name])
            if target.replica_sets is not None:
                target.replica_sets.wake(changed, [target.uid])
            if target.pods is not None and (owner := pod_owner(target.current, target.replica_sets)):
                target.pods.wake(changed, [owner])

    async def _is_gone(self, target: Target) -> bool:
        if target.uid in target.feed.gone or isinstance(target.feed.error, UnknownKind):
            return True
        seen = target.feed.objects.get(target.ref.name)
        if seen is not None and seen["metadata"].get("uid") == target.uid:
            target.applied = seen
            return False
        # The watch may not have shown the object yet.
        live = await self._kube.get(target.ref)
        return live is None or live["metadata"].get("uid") != target.uid

    async def _failed(self, target: Target, look: Look, health: Health, failure: Failure | None) -> Unhealthy:
        if failure is None and target.ref.key.kind == JOB:
            failure = await self._last_run(target)
            if failure is not None:
                lines = await self._stories.of_failure(failure, target.ref.namespace, "")
                return Unhealthy(f"{target.ref}: {health.reason}; {failure}", lines)
        if failure is None:
            lines = await self._stories.events_of(target.ref.namespace, target.uid)
            return Unhealthy(f"{target.ref}: {health.message}", lines)
        uid = next((str(p["metadata"].get("uid")) for p in look.pods if p["metadata"]["name"] == failure.pod), "")
        lines = await self._stories.of_failure(failure, target.ref.namespace, uid)
        text = str(failure) if failure.pod else f"{target.ref}: {failure.reason}: {failure.message}"
        return Unhealthy(text, lines)

    async def _last_run(self, target: Target) -> Failure | None:
        """Why the last pod of a failed Job failed."""
        pods = newest_pods(target.current, None, target.pods)
        if not pods and target.pods is not None:
            # The Job's end may come before its pods when the watch of pods has just begun.
            selector = f"controller-uid={target.uid}"
            pods = await self._kube.list_objects(target.pods.resource, target.ref.namespace, label_selector=selector)
        pods.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True)
        return next((found for pod in pods if (found := phase_failure(pod))), None)

    async def _timed_out(self, looks: Sequence[tuple[Target, Look]], timeout: timedelta) -> Unhealthy:
        texts = [f"{target.ref}: {look.text or look.health.message}" for target, look in looks]
        lines: list[str] = []
        for target, look in looks[:3]:
            uids = [str(pod["metadata"].get("uid", "")) for pod in look.pods if not _is_ready(pod)]
            for uid in uids[:1] or [target.uid]:
                lines += await self._stories.events_of(target.ref.namespace, uid)
        return Unhealthy(f"not ready after {_span(timeout)}: {headline(texts)}", lines, timed_out=True)

    async def _still_there(self, targets: Sequence[Target], timeout: timedelta) -> Unhealthy:
        texts = []
        for target in targets:
            finalizers = target.applied["metadata"].get("finalizers") or ()
            held = f" (held by {', '.join(finalizers)})" if finalizers else ""
            texts.append(f"{target.ref}{held}")
        return Unhealthy(f"still there after {_span(timeout)}: {headline(texts)}", timed_out=True)


async def _changed(changed: asyncio.Event, deadline: float) -> bool:
    """Wait for a change or a tick; False when the deadline has passed."""
    left = deadline - asyncio.get_running_loop().time()
    if left <= 0:
        return False
    try:
        async with asyncio.timeout(min(TICK, left)):
            await changed.wait()
    except TimeoutError:
        pass
    changed.clear()
    return True


def _progress(looks: Sequence[tuple[Target, Look]]) -> str:
    (target, look), more = looks[0], len(looks) - 1
    text = look.text or look.health.message
    return f"{target.ref}: {text}; and {more} more" if more else text


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _span(time: timedelta) -> str:
    seconds = time.total_seconds()
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"
