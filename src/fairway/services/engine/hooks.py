"""Running a chart's hooks with Helm's meaning: order by weight then name, delete policies, failure stops.

Source of the rules: Helm's `execHook` and `deleteHookByPolicy`. Hooks are not part of the manifest and carry no
ownership marks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from fairway.domain.errors import FairwayError, Terminal
from fairway.domain.manifests.hooks import hooks_for
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.releases.revision import Hook, HookDeletePolicy, HookEvent, HookRun
from fairway.services.engine.applying import GONE_TIMEOUT
from fairway.services.engine.content import locate
from fairway.services.engine.session import Session, Unhealthy

Progress = Callable[[str], None]


class HookFailed(Terminal):
    """A hook did not complete; `hooks` carries the runs so far, for the record."""

    def __init__(self, hook: Hook, event: HookEvent, cause: FairwayError, hooks: tuple[Hook, ...]) -> None:
        super().__init__(f"{event} hook {hook.kind} {hook.name} failed: {cause.message}", fix=cause.fix)
        self.hooks = hooks
        self.lines = cause.lines if isinstance(cause, Unhealthy) else ()


async def run_hooks(
    session: Session,
    namespace: str,
    hooks: tuple[Hook, ...],
    event: HookEvent,
    *,
    timeout: timedelta,
    on_progress: Progress,
) -> tuple[Hook, ...]:
    """Run all hooks of an event, one after the other; returns all hooks with their `last_run` filled in.

    Raises `HookFailed` after the delete policies of the failed hook were followed.
    """
    results = {id(hook): hook for hook in hooks}
    finished: list[tuple[Hook, list[tuple[ObjectRef, Object]]]] = []
    for hook in hooks_for(event, hooks):
        objects = await _objects(session, namespace, hook)
        if HookDeletePolicy.BEFORE_CREATION in hook.delete_policies:
            await _delete(session, hook, objects)
        started = session.now()
        created = False
        try:
            on_progress(f"{event} hook {hook.kind} {hook.name}")
            for ref, obj in objects:
                # As Helm 4 does: what is left of an earlier run is applied over, never taken from somebody else.
                await session.kube.apply(obj, ref, force=False)
            created = True
            for ref, _ in objects:
                await session.waiter.until_complete(ref, timeout=timeout, on_progress=on_progress)
        except FairwayError as error:
            results[id(hook)] = _ran(hook, started, session, "Failed")
            if created:
                # One that could not even be created leaves everything as it is; so does Helm.
                if HookDeletePolicy.FAILED in hook.delete_policies:
                    await _delete(session, hook, objects)
                await _delete_succeeded(session, finished)
            raise HookFailed(hook, event, error, tuple(results.values())) from error
        results[id(hook)] = _ran(hook, started, session, "Succeeded")
        finished.append((hook, objects))
    # Only after the whole event: later hooks may read earlier ones.
    await _delete_succeeded(session, finished[::-1])
    return tuple(results.values())


async def _delete_succeeded(session: Session, finished: Sequence[tuple[Hook, list[tuple[ObjectRef, Object]]]]) -> None:
    for hook, objects in finished:
        if HookDeletePolicy.SUCCEEDED in hook.delete_policies:
            await _delete(session, hook, objects)


def _ran(hook: Hook, started: object, session: Session, phase: str) -> Hook:
    return replace(hook, last_run=HookRun(started, session.now(), phase))  # type: ignore[arg-type]


async def _objects(session: Session, namespace: str, hook: Hook) -> list[tuple[ObjectRef, Object]]:
    resources = await session.kube.discover()
    parsed = await session.renderer.parse(hook.manifest)
    return [_placed(obj, locate(obj, resources, namespace)) for _, obj in parsed]


def _placed(obj: Object, ref: ObjectRef) -> tuple[ObjectRef, Object]:
    if not ref.namespace:
        return ref, obj
    return ref, {**obj, "metadata": {**(obj.get("metadata") or {}), "namespace": ref.namespace}}


async def _delete(session: Session, hook: Hook, objects: Sequence[tuple[ObjectRef, Object]]) -> None:
    if hook.kind == "CustomResourceDefinition":
        # Never, whatever the policy says: every object of that kind would go with it.
        return
    was_there = await asyncio.gather(*(session.kube.delete(ref) for ref, _ in objects))
    going = [ref for (ref, _), was in zip(objects, was_there, strict=True) if was]
    if going:
        await session.waiter.until_gone(going, timeout=GONE_TIMEOUT)
