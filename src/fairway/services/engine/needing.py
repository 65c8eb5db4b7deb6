"""What a release needs: new enough, and healthy also when it was left as it is in this run.

The rule not to break: nobody asks about what nobody needs, and a kind is listed once however many need its objects.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable

from fairway.domain.errors import InvalidInput, Terminal
from fairway.domain.health import needs_look
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.releases.notes import decode_inventory
from fairway.domain.repository.models import Release
from fairway.domain.repository.need_versions import version_mistakes
from fairway.services.engine.inputs import ReleaseInputs
from fairway.services.engine.session import Session, Unhealthy
from fairway.services.engine.snapshot import Snapshot

Place = tuple[str, str, str]
"""API version, kind, namespace."""


def check_versions(gathered: Iterable[ReleaseInputs]) -> None:
    """Raises `InvalidInput` for every `minVersion` that the chart of a needed release does not reach."""
    mistakes = version_mistakes((one.release, one.chart.version if one.chart else "") for one in gathered)
    if mistakes:
        raise InvalidInput([mistake for _, mistake in mistakes])


class NeededHealth:
    """Whether needed releases that were left as they are in this run are healthy: found out once, when first asked."""

    def __init__(self, session: Session, snapshot: Snapshot) -> None:
        self._session = session
        self._snapshot = snapshot
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._answers: dict[str, tuple[str, ...]] = {}
        self._listing = asyncio.Lock()
        self._lists: dict[Place, dict[str, Object] | None] = {}

    async def reasons(self, needed: Release, say: Callable[[str], None]) -> tuple[str, ...]:
        """Why it is not healthy, in lines for people; nothing when it is. While it may become so, waits.

        A release with `wait: false` counts as healthy once it is applied.
        """
        if not needed.wait:
            return ()
        async with self._asking[needed.name]:
            if needed.name not in self._answers:
                self._answers[needed.name] = await self._look(needed, say)
            return self._answers[needed.name]

    async def _look(self, needed: Release, say: Callable[[str], None]) -> tuple[str, ...]:
        latest = self._snapshot.latest(needed.name)
        items = (decode_inventory(latest.notes_to_self) if latest else None) or {}
        live: list[tuple[ObjectRef, Object]] = []
        for ref in (item.ref for item in items.values()):
            if not needs_look(ref.key.kind, needed.health):
                continue
            listed = await self._list(ref)
            if listed is None:
                continue
            if ref.name not in listed:
                return (f"needs {needed.name}, which is not healthy: {ref} is gone",)
            live.append((ref, listed[ref.name]))
        try:
            await self._session.waiter.until_healthy(live, timeout=needed.timeout, on_progress=say, rules=needed.health)
        except Unhealthy as error:
            return (f"needs {needed.name}, which is not healthy: {error.message}", *error.lines)
        return ()

    async def _list(self, ref: ObjectRef) -> dict[str, Object] | None:
        """Whole objects of a kind by name; None for a kind that may not be listed or is not served."""
        place = (ref.api_version, ref.kind, ref.namespace)
        async with self._listing:
            if place not in self._lists:
                self._lists[place] = await self._read(ref)
            return self._lists[place]

    async def _read(self, ref: ObjectRef) -> dict[str, Object] | None:
        resource = self._snapshot.resource_of(ref)
        if resource is None:
            return None
        try:
            items = await self._session.kube.list_objects(resource, ref.namespace if resource.namespaced else None)
        except Terminal:
            return None
        whole = {"apiVersion": ref.api_version, "kind": ref.kind}
        return {str(item["metadata"]["name"]): {**whole, **item} for item in items}
