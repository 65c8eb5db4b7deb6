"""One watch for each kind and namespace, however many releases have objects there, and what it has shown so far.

The rule not to break: of an object only who owns which field is kept, and only as bytes; thousands of them stay for as
long as the agent lives.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress

import orjson

from fairway.domain.errors import FairwayError
from fairway.domain.manifests.api import ApiResource, EventType, WatchEvent
from fairway.domain.manifests.managed_fields import entries_of
from fairway.domain.manifests.objects import Object, ObjectKey, ObjectRef
from fairway.domain.manifests.ownership import MANAGED_BY
from fairway.services.watching.ports import MetadataWatcher
from fairway.services.watching.watched import Place

SELECTOR = f"{MANAGED_BY}=Helm"
"""What every applied object carries. One that loses the label looks like a deleted one, and is drift either way."""
RETRY = 300.0
"""Seconds after which a kind that was refused is asked for again."""


class Feed:
    """What one watch has shown. `on_change` is called after it was kept."""

    def __init__(self, place: Place, resource: ApiResource) -> None:
        self.place = place
        self.resource = resource
        self.listed = False
        """Whether all that was there at first has been seen: only then is an object that is not here missing."""
        self._kept: dict[str, bytes] = {}

    def state(self, name: str) -> bytes:
        """What is known of an object, to compare with later; empty when it is not there."""
        return self._kept.get(name, b"")

    def live(self, name: str) -> Object | None:
        """As much of the object's metadata as tells drift; None when it is not there."""
        kept = self._kept.get(name)
        return None if kept is None else {"metadata": {"name": name, "managedFields": orjson.loads(kept)}}

    async def follow(
        self,
        kube: MetadataWatcher,
        on_change: Callable[[ObjectKey], None],
        on_listed: Callable[[Place], None],
        on_lost: Callable[[], None],
    ) -> None:
        """For ever. Raises what the server refuses."""
        kind, namespace = self.place

        def all_seen() -> None:
            self.listed = True
            on_listed(self.place)

        events = kube.watch_metadata(
            self.resource, namespace or None, label_selector=SELECTOR, on_listed=all_seen, on_lost=on_lost
        )
        async with aclosing(events) as following:  # type: ignore[type-var]
            async for event in following:
                if self._take(event):
                    on_change(ObjectKey(kind, namespace, event.object["metadata"]["name"]))

    def _take(self, event: WatchEvent) -> bool:
        """Keep it; False when it changed nothing that tells drift."""
        name = event.object["metadata"]["name"]
        if event.type is EventType.DELETED:
            return self._kept.pop(name, None) is not None
        # What a controller writes as status comes often and never matters here.
        fields = orjson.dumps([entry for entry in entries_of(event.object) if entry.get("subresource") != "status"])
        if self._kept.get(name) == fields:
            return False
        self._kept[name] = fields
        return True


class Feeds:
    """The open watches. `problems` says why some kinds are not watched."""

    def __init__(
        self,
        kube: MetadataWatcher,
        *,
        on_change: Callable[[ObjectKey], None],
        on_listed: Callable[[Place], None],
        on_problem: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.problems: dict[Place, str] = {}
        self._kube = kube
        self._on_change = on_change
        self._on_listed = on_listed
        self._on_problem = on_problem
        self._on_lost = on_lost
        self._open: dict[Place, tuple[Feed, asyncio.Task[None]]] = {}
        self._retry_at: dict[Place, float] = {}

    def __getitem__(self, place: Place) -> Feed | None:
        """The feed of a place once it has shown all that is there; None while nothing can be said."""
        feed, _ = self._open.get(place, (None, None))
        return feed if feed is not None and feed.listed else None

    @property
    def retry_at(self) -> float:
        """When something that was refused may be tried again, by the loop's clock; infinity when nothing was."""
        return min(self._retry_at.values(), default=math.inf)

    def __len__(self) -> int:
        return len(self._open)

    async def arrange(self, wanted: Mapping[Place, ObjectRef]) -> None:
        """Open what is wanted and not open, close what nobody wants any more. A ref tells the API version to prefer."""
        for place in [place for place in self._open if place not in wanted]:
            await self._close(place)
        for place in [place for place in self.problems if place not in wanted]:
            self._forget(place)
        now = asyncio.get_running_loop().time()
        missing = [p for p in wanted if p not in self._open and self._retry_at.get(p, 0.0) <= now]
        if not missing:
            return
        resources = await self._kube.discover()
        if any(place[0] not in resources.by_kind for place in missing):
            resources = await self._kube.discover(fresh=True)
        for place in missing:
            ref = wanted[place]
            resource = resources.by_ref.get((ref.api_version, ref.kind)) or resources.by_kind.get(place[0])
            if resource is None:
                self._refused(place, f"the cluster has no {ref.kind} in {ref.api_version}")
            elif "watch" not in resource.verbs:
                self._refused(place, f"{resource.plural} can't be watched")
            else:
                self._start(place, resource)

    async def close(self) -> None:
        for place in list(self._open):
            await self._close(place)

    def _start(self, place: Place, resource: ApiResource) -> None:
        feed = Feed(place, resource)
        self._open[place] = (feed, asyncio.create_task(self._follow(feed), name=f"drift {resource.plural}"))

    async def _follow(self, feed: Feed) -> None:
        try:
            await feed.follow(self._kube, self._on_change, self._listed, self._on_lost)
        except Exception as error:
            text = error.message if isinstance(error, FairwayError) else f"a mistake in Fairway itself: {error!r}"
            del self._open[feed.place]
            self._refused(feed.place, text)

    def _listed(self, place: Place) -> None:
        self._forget(place)
        self._on_listed(place)

    def _refused(self, place: Place, why: str) -> None:
        self._retry_at[place] = asyncio.get_running_loop().time() + RETRY
        if self.problems.get(place) != why:
            self.problems[place] = why
            self._on_problem(why)

    def _forget(self, place: Place) -> None:
        self.problems.pop(place, None)
        self._retry_at.pop(place, None)

    async def _close(self, place: Place) -> None:
        _, task = self._open.pop(place)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
