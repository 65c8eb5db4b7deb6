"""Waiting until everything that was applied is healthy: by the engine's waiter, as deployd itself.

The rule not to break: a kind that deployd may not see is said to be unseen; a workload that it may not see is a
failure, because "successful" would be a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fairway.domain.dispatch.resources import delivery_of, name_of
from fairway.domain.errors import FairwayError, Terminal
from fairway.domain.health import needs_look
from fairway.domain.health.assessing import RULES
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.services.deployd.following import APPLICATION, with_its_pods
from fairway.services.deployd.insisting import Insisting
from fairway.services.deployd.trying import Item
from fairway.services.engine.applying import JOB
from fairway.services.engine.ports import Kube
from fairway.services.engine.session import Unhealthy, Waiter

LAST_WORDS = 0.5
"""Seconds that others get to fail too, once one has failed: most have the same reason."""


@dataclass(frozen=True, slots=True)
class Watched:
    errors: tuple[tuple[ObjectRef, FairwayError], ...] = ()
    unseen: tuple[str, ...] = ()
    """Objects whose health could not be seen, with why."""


async def watch_all(
    own: Kube,
    waiter: Waiter,
    stored: Sequence[tuple[ObjectRef, Object]],
    insisting: Insisting,
    *,
    since: datetime,
    timeout: timedelta,
) -> Watched:
    """Return when all are healthy, or soon after one can't become so any more; `timeout` counts from `since`."""
    patience = _Patience(insisting, since, timeout)
    tasks = {asyncio.create_task(_watch(own, waiter, ref, obj, patience)): ref for ref, obj in stored}
    if not tasks:
        return Watched()
    try:
        done, open_ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if open_:
            late, _ = await asyncio.wait(open_, timeout=LAST_WORDS)
            done |= late
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    errors: list[tuple[ObjectRef, FairwayError]] = []
    unseen: list[str] = []
    for task, ref in tasks.items():
        error = task.exception() if task in done else None
        if isinstance(error, FairwayError):
            errors.append((ref, error))
        elif error is not None:
            raise error
        elif task in done and (why := task.result()):
            unseen.append(why)
    return Watched(tuple(errors), tuple(unseen))


async def read_again(own: Kube, items: Sequence[Item], delivery_id: str) -> list[tuple[ObjectRef, Object]] | None:
    """What was applied, as it is now, for a process that did not apply it; None when another delivery has been here.

    Kinds that are healthy once they exist are not read. Raises Terminal for what is gone.
    """
    stored: list[tuple[ObjectRef, Object]] = []
    for item in items:
        if not needs_look(item.ref.key.kind):
            continue
        try:
            live = await own.get(item.ref)
        except Forbidden:
            if item.ref.key.kind in RULES:
                raise
            continue
        if live is None:
            more = "; whether it had completed is not known" if item.ref.key.kind == JOB else ""
            raise Terminal(f"{name_of(item.ref)} is gone since it was applied{more}")
        if delivery_of(live) != delivery_id:
            return None
        stored.append((item.ref, live))
    return stored


@dataclass(frozen=True, slots=True)
class _Patience:
    insisting: Insisting
    since: datetime
    timeout: timedelta


async def _watch(own: Kube, waiter: Waiter, ref: ObjectRef, obj: Object, patience: _Patience) -> str:
    """Empty when the object became healthy, else why it was not seen."""

    async def healthy(ref: ObjectRef, obj: Object) -> None:
        await _until_healthy(waiter, ref, obj, patience)

    try:
        if ref.key.kind == APPLICATION:
            await with_its_pods(own, ref, obj, healthy)
        else:
            await healthy(ref, obj)
    except Forbidden as error:
        if ref.key.kind in RULES:
            raise
        return f"{name_of(ref)}: {error.message}"
    return ""


async def _until_healthy(waiter: Waiter, ref: ObjectRef, obj: Object, patience: _Patience) -> None:
    end = patience.since + patience.timeout

    async def once() -> None:
        left = end - patience.insisting.now()
        await waiter.until_healthy([(ref, obj)], timeout=left, on_progress=lambda _: None)

    try:
        await patience.insisting.until(end, once)
    except Unhealthy as error:
        if not error.timed_out:
            raise
        # The waiter knows only how much of the time was left for it.
        missing = error.message.partition(": ")[2]
        whole = patience.timeout.total_seconds()
        raise Unhealthy(f"not ready after {whole:g} s: {missing}", error.lines, timed_out=True) from error
