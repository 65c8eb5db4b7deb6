"""A watch that never ends: list, follow, and list again whenever the thread is lost.

The rule not to break: the caller sees one consistent story. What vanished while nobody looked comes as DELETED, what
changed as MODIFIED, what is as it was does not come again. Source: client-go's reflector, and "Efficient detection of
changes" in the Kubernetes API concepts.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import orjson

from fairway.adapters.kube import paths
from fairway.adapters.kube.answers import Expired, error_of
from fairway.adapters.kube.transport import Call, Transport
from fairway.domain.errors import Transient
from fairway.domain.manifests.api import ApiResource, EventType, WatchEvent
from fairway.domain.manifests.objects import Object

SHORTEST, LONGEST = 240, 480
"""Seconds after which the server ends a watch: spread, so that many do not come back at once."""
SILENCE = 150.0
"""Seconds without a byte after which a connection counts as dead; bookmarks come about every minute."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
LOST = 5
"""Failures in a row after which the cluster counts as away; with the pauses in between a few seconds."""

Lister = Callable[..., Awaitable[tuple[list[Object], str]]]
Known = dict[tuple[str, str], Object]


async def watch(
    transport: Transport,
    lister: Lister,
    resource: ApiResource,
    namespace: str | None,
    *,
    label_selector: str = "",
    field_selector: str = "",
    headers: Mapping[str, str] | None = None,
    on_listed: Callable[[], None] = lambda: None,
    on_lost: Callable[[], None] = lambda: None,
    keep: Callable[[Object], Object] = lambda obj: obj,
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    jitter: Callable[[], float] = random.random,
) -> AsyncIterator[WatchEvent]:
    """See `ObjectReader.watch`. Raises what the server refuses (Forbidden, UnknownKind); never Transient.

    `headers` go with the watch itself; `on_listed` is called when all that a list found was taken, `on_lost` once
    when the cluster has not answered for a few seconds; `keep` makes of an
    object what is remembered of it, and comes back when it vanished while nobody looked.
    """
    known: Known = {}
    version = ""
    failures = 0
    while True:
        try:
            if not version:
                items, version = await lister(
                    resource, namespace, label_selector=label_selector, field_selector=field_selector
                )
                for event in _since(known, items, keep):
                    yield event
                on_listed()
            seconds = int(SHORTEST + jitter() * (LONGEST - SHORTEST))
            path = paths.with_query(
                paths.collection(resource, namespace),
                watch=True,
                allowWatchBookmarks=True,
                timeoutSeconds=seconds,
                resourceVersion=version,
                labelSelector=label_selector,
                fieldSelector=field_selector,
            )
            call = Call("watch", "GET", path, f"watch {resource.plural}", None, headers)
            async with transport.stream(call, seconds=seconds + 30, silence=SILENCE) as lines:
                async for kind, obj in _events(lines):
                    failures = 0
                    version = (obj.get("metadata") or {}).get("resourceVersion") or version
                    if kind != "BOOKMARK":
                        yield _follow(known, kind, obj, keep)
            # An end without an event is suspicious: a proxy that cuts watches at once must not be hammered.
            failures += 1
        except Expired:
            version = ""
            failures += 1
        except Transient:
            failures += 1
        if failures == LOST:
            on_lost()
        if failures > 1:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 2))
            await sleep(pause * (0.5 + jitter() / 2))


async def _events(lines: Any) -> AsyncIterator[tuple[str, Object]]:
    """Events of one connection. Raises Expired for 410, Transient for any other ERROR event or half a line."""
    async for line in _lines(lines):
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Transient("a watch broke off in the middle of an event") from error
        kind, obj = event["type"], event["object"]
        if kind == "ERROR":
            code = int(obj.get("code") or 500)
            error_event = error_of(code, orjson.dumps(obj), what="watch")
            raise error_event if isinstance(error_event, Expired) else Transient(error_event.message)
        yield kind, obj


async def _lines(stream: Any) -> AsyncIterator[bytes]:
    """Whole lines of any length (aiohttp's own reader limits them)."""
    rest = b""
    async for chunk in stream.iter_any():
        first, *others = chunk.split(b"\n")
        if not others:
            rest += first
            continue
        yield rest + first
        for line in others[:-1]:
            yield line
        rest = others[-1]
    if rest:
        yield rest


def _since(known: Known, items: list[Object], keep: Callable[[Object], Object]) -> list[WatchEvent]:
    """The events that lead from what is known to a fresh list; `known` becomes the list."""
    fresh = {_key(item): item for item in items}
    events = [WatchEvent(EventType.DELETED, old) for key, old in known.items() if key not in fresh]
    for key, item in fresh.items():
        old = known.get(key)
        if old is None:
            events.append(WatchEvent(EventType.ADDED, item))
        elif old["metadata"].get("uid") != item["metadata"].get("uid"):
            events += [WatchEvent(EventType.DELETED, old), WatchEvent(EventType.ADDED, item)]
        elif old["metadata"].get("resourceVersion") != item["metadata"].get("resourceVersion"):
            events.append(WatchEvent(EventType.MODIFIED, item))
    known.clear()
    known.update((key, keep(item)) for key, item in fresh.items())
    return events


def _follow(known: Known, kind: str, obj: Object, keep: Callable[[Object], Object]) -> WatchEvent:
    key = _key(obj)
    if kind == "DELETED":
        known.pop(key, None)
        return WatchEvent(EventType.DELETED, obj)
    there = key in known
    known[key] = keep(obj)
    return WatchEvent(EventType.MODIFIED if there else EventType.ADDED, obj)


def _key(obj: Object) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("namespace") or "", metadata["name"]
