"""Suspensions in the cluster that they are about: the ConfigMap `fairway-suspensions` of the environment's namespace.

The rule not to break: every write names the resourceVersion that it was made from, and is made anew from what stands
there when somebody was faster.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from fairway.adapters.kube.answers import NotFound
from fairway.domain.errors import Transient
from fairway.domain.kube_errors import AlreadyExists, Conflict
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.suspensions.stored import encode, key_of, read
from fairway.domain.suspensions.suspension import Suspension

NAME = "fairway-suspensions"
MERGE_PATCH = "application/merge-patch+json"
ATTEMPTS = 20
LABELS = {"app.kubernetes.io/managed-by": "fairway"}

Change = Callable[[Mapping[str, str]], Mapping[str, str | None]]
"""From the data as they stand to the keys to set; None takes one away."""


class Objects(Protocol):
    """What is used of a cluster."""

    async def get(self, ref: ObjectRef) -> Object | None: ...

    async def create(self, obj: Object, ref: ObjectRef) -> Object: ...

    async def patch(self, ref: ObjectRef, patch: Any, *, content_type: str, manager: str = ...) -> Object: ...


class KubeSuspensions:
    """See `services.suspending.ports.Suspensions`; those of the environments of one namespace."""

    def __init__(self, kube: Objects, namespace: str) -> None:
        self._kube = kube
        self._ref = ObjectRef("v1", "ConfigMap", namespace, NAME)

    async def list(self, environment: str) -> tuple[Suspension, ...]:
        return read(_data(await self._kube.get(self._ref)), environment)

    async def add(self, suspensions: Sequence[Suspension]) -> None:
        await self._change(lambda _: {key_of(one.environment, one.release): encode(one) for one in suspensions})

    async def remove(self, environment: str, releases: Sequence[str]) -> tuple[Suspension, ...]:
        gone: list[Suspension] = []

        def change(data: Mapping[str, str]) -> Mapping[str, str | None]:
            gone[:] = [one for one in read(data, environment) if one.release in releases]
            return {key_of(one.environment, one.release): None for one in gone}

        await self._change(change)
        return tuple(gone)

    async def _change(self, change: Change) -> None:
        for _ in range(ATTEMPTS):
            stored = await self._kube.get(self._ref)
            keys = change(_data(stored))
            if not keys:
                return
            try:
                await self._write(stored, keys)
                return
            except (Conflict, AlreadyExists, NotFound):
                if stored is None and await self._kube.get(self._ref) is None:
                    raise  # not a race: the namespace is missing
                await asyncio.sleep(random.uniform(0.01, 0.1))
        raise Transient(f"{self._ref} is changed by many at once", fix="try again")

    async def _write(self, stored: Object | None, keys: Mapping[str, str | None]) -> None:
        if stored is None:
            metadata = {"name": NAME, "namespace": self._ref.namespace, "labels": LABELS}
            body: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(keys)}
            await self._kube.create(body, self._ref)
            return
        version = stored["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "data": dict(keys)}
        await self._kube.patch(self._ref, patch, content_type=MERGE_PATCH, manager="fairway")


def _data(stored: Object | None) -> Mapping[str, str]:
    return (stored or {}).get("data") or {}
