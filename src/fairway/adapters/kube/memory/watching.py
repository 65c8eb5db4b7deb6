"""What one watcher sees of the changes of a kind: only what he asked for, and each object's comings and goings.

The rule not to break: an object that no longer matches is DELETED for this watcher, as an API server has it.
"""

from __future__ import annotations

from collections.abc import Callable

from fairway.domain.manifests.api import EventType, WatchEvent
from fairway.domain.manifests.objects import Object, ObjectKey, ref_of


class Sight:
    """One watcher's view; `matches` says of an object whether its labels and fields were asked for."""

    def __init__(self, namespace: str | None, matches: Callable[[Object], bool]) -> None:
        self._namespace = namespace
        self._matches = matches
        self._there: set[ObjectKey] = set()

    def first(self, obj: Object) -> WatchEvent:
        """One of those that are there from the start."""
        self._there.add(ref_of(obj).key)
        return WatchEvent(EventType.ADDED, obj)

    def of(self, event: WatchEvent) -> WatchEvent | None:
        """What this watcher is told of a change; None when it is none of his business."""
        if self._namespace and event.object["metadata"].get("namespace") != self._namespace:
            return None
        key = ref_of(event.object).key
        was_there = key in self._there
        if event.type is not EventType.DELETED and self._matches(event.object):
            self._there.add(key)
            return WatchEvent(EventType.MODIFIED if was_there else EventType.ADDED, event.object)
        self._there.discard(key)
        return WatchEvent(EventType.DELETED, event.object) if was_there else None
