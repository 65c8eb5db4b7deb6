"""What a run sees of a cluster while it waits: one watch per kind and namespace, however many are interested.

The rule not to break: a watch starts with the first interest and stops some seconds after the last, and somebody is
woken only by objects that he named (by name, or by the uid of their owner).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

from fairway.domain.manifests.api import ApiResource, EventType, WatchEvent
from fairway.domain.manifests.objects import Object
from fairway.services.engine.ports import ObjectReader

LINGER = 5.0
"""Seconds that a watch outlives its last user: the next release of the run often wants the same."""


class Feed:
    """The objects of one kind in one namespace, as the watch brings them, without what nobody reads."""

    def __init__(self, resource: ApiResource, namespace: str | None) -> None:
        self.resource = resource
        self.namespace = namespace
        self.objects: dict[str, Object] = {}
        self.gone: dict[str, Object] = {}
        """uid → last state of those objects that were seen going and that somebody had named."""
        self.error: Exception | None = None
        """Why the watch ended: what the server refused, or a defect of ours."""
        self._owned: dict[str, set[str]] = defaultdict(set)
        self._wakes: dict[str, set[asyncio.Event]] = defaultdict(set)

    def owned_by(self, uid: str) -> list[Object]:
        """The objects whose controller has this uid, by name."""
        return [self.objects[name] for name in sorted(self._owned.get(uid, ()))]

    def wake(self, event: asyncio.Event, keys: Iterable[str]) -> None:
        """Set `event` whenever an object of such a name, or owned by such a uid, changes."""
        for key in keys:
            self._wakes[key].add(event)

    def forget(self, event: asyncio.Event) -> None:
        for key in [key for key, events in self._wakes.items() if event in events]:
            self._wakes[key].discard(event)
            if not self._wakes[key]:
                del self._wakes[key]

    async def run(self, kube: ObjectReader) -> None:
        """Follow the watch until cancelled."""
        try:
            events = kube.watch(self.resource, self.namespace)
            async with aclosing(events) as following:  # type: ignore[type-var]
                async for event in following:
                    self.take(event)
        except Exception as error:
            self.error = error
            for waiting in self._wakes.values():
                for wake in waiting:
                    wake.set()

    def take(self, event: WatchEvent) -> None:
        metadata = event.object["metadata"]
        name, uid, owner = metadata["name"], metadata.get("uid", ""), controller_of(event.object)
        if event.type is EventType.DELETED:
            if name in self._wakes:
                self.gone[uid] = lean(event.object)
            self.objects.pop(name, None)
            self._owned[owner].discard(name)
            if not self._owned[owner]:
                del self._owned[owner]
        else:
            self.objects[name] = lean(event.object)
            if owner:
                self._owned[owner].add(name)
        for key in (name, owner):
            for wake in self._wakes.get(key, ()):
                wake.set()


class ClusterView:
    """All feeds of a run. Use it `async with`, so that no watch outlives the run."""

    def __init__(self, kube: ObjectReader, *, linger: float = LINGER) -> None:
        self._kube = kube
        self._linger = linger
        self._feeds: dict[tuple[str, str, str], tuple[Feed, asyncio.Task[None]]] = {}
        self._users: dict[tuple[str, str, str], int] = defaultdict(int)

    async def __aenter__(self) -> ClusterView:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [task for _, task in self._feeds.values()]
        self._feeds.clear()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    @property
    def watches(self) -> int:
        """How many watches are open."""
        return len(self._feeds)

    @asynccontextmanager
    async def follow(self, resource: ApiResource, namespace: str) -> AsyncIterator[Feed]:
        """The shared feed of a kind in a namespace (empty: cluster-scoped)."""
        key = (resource.api_version, resource.kind, namespace)
        feed = self._open(key, resource)
        self._users[key] += 1
        try:
            yield feed
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                asyncio.get_running_loop().call_later(self._linger, self._close_if_unused, key)

    def _open(self, key: tuple[str, str, str], resource: ApiResource) -> Feed:
        known = self._feeds.get(key)
        if known is not None and known[0].error is None:
            return known[0]
        feed = Feed(resource, key[2] or None)
        self._feeds[key] = (feed, asyncio.create_task(feed.run(self._kube)))
        return feed

    def _close_if_unused(self, key: tuple[str, str, str]) -> None:
        if not self._users[key] and key in self._feeds:
            _, task = self._feeds.pop(key)
            task.cancel()


def lean(obj: Object) -> Object:
    """Without managed fields and pod templates: most of an object, and nothing that health asks for."""
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    spec: Mapping[str, Any] | None = obj.get("spec")
    if spec is None or not isinstance(spec, dict):
        return {**obj, "metadata": metadata}
    heavy = ("template", "volumeClaimTemplates", "containers", "initContainers", "volumes")
    return {**obj, "metadata": metadata, "spec": {name: value for name, value in spec.items() if name not in heavy}}


def controller_of(obj: Object) -> str:
    """The uid of the owner that controls an object; empty when nobody does."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner.get("uid", ""))
    return ""
