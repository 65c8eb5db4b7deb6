"""The pods behind an Application: its operator says when a rollout is complete, but not why it never will be.

The rule not to break: only a Deployment that carries the same delivery tells; the one of before says nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fairway.domain.dispatch.resources import delivery_of
from fairway.domain.errors import FairwayError
from fairway.domain.manifests.objects import Kind, Object, ObjectRef
from fairway.services.engine.ports import Kube
from fairway.services.engine.session import Unhealthy

APPLICATION = Kind("nais.io", "Application")
LOOK_EVERY = 1.0
"""Seconds; the operator makes the Deployment when it likes."""

Healthy = Callable[[ObjectRef, Object], Awaitable[None]]


async def with_its_pods(own: Kube, ref: ObjectRef, obj: Object, healthy: Healthy) -> None:
    """Return when the application is healthy; raise as soon as it, or a pod of its Deployment, can't become so.

    `healthy` waits for one object.
    """
    judging = asyncio.create_task(_as_awaited(healthy(ref, obj)))
    following = asyncio.create_task(_follow(own, ref, delivery_of(obj), healthy))
    try:
        await asyncio.wait((judging, following), return_when=asyncio.FIRST_COMPLETED)
        if following.done() and not judging.done() and isinstance(why := following.exception(), Unhealthy):
            raise why
        await judging
    finally:
        for task in (judging, following):
            task.cancel()
        await asyncio.gather(judging, following, return_exceptions=True)


async def _follow(own: Kube, ref: ObjectRef, delivery: str, healthy: Healthy) -> None:
    deployment = ObjectRef("apps/v1", "Deployment", ref.namespace, ref.name)
    while True:
        try:
            live = await own.get(deployment)
        except FairwayError:
            live = None
        if live is not None and delivery_of(live) == delivery:
            return await healthy(deployment, live)
        await asyncio.sleep(LOOK_EVERY)


async def _as_awaited(waiting: Awaitable[None]) -> None:
    await waiting
