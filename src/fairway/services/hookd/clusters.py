"""Which clusters there are: those that are configured, and those whose deployd was heard of.

The rule not to break: a cluster that was known stays known while the store is away; an unknown one is looked up again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from fairway.domain.dispatch.statuses import Announcement
from fairway.services.hookd.ports import RequestStore

KEEP = timedelta(days=7)
"""A cluster that has been silent for so long is not known any more."""
_FRESH = timedelta(seconds=1)
"""So long it is believed that there are no others."""


class Clusters:
    def __init__(self, store: RequestStore, configured: Collection[str], now: Callable[[], datetime]) -> None:
        self._store = store
        self._configured = frozenset(configured)
        self._heard: dict[str, datetime] = {}
        self._read_at: datetime | None = None
        self._now = now

    async def known(self, wanted: str) -> frozenset[str]:
        """All names; the store is asked when the wanted one is not among them. Raises Transient."""
        names = self._names()
        if wanted in names or (self._read_at is not None and self._now() - self._read_at < _FRESH):
            return names
        for announcement in await self._store.clusters():
            self._note(announcement)
        self._read_at = self._now()
        return self._names()

    async def heard(self, announcement: Announcement) -> None:
        """Remember it, for those that are started later too. Raises Transient."""
        self._note(announcement)
        await self._store.heard(announcement)

    async def tidy(self) -> None:
        await self._store.forget_clusters(self._now() - KEEP)

    def _names(self) -> frozenset[str]:
        oldest = self._now() - KEEP
        return self._configured | {name for name, at in self._heard.items() if at >= oldest}

    def _note(self, announcement: Announcement) -> None:
        before = self._heard.get(announcement.cluster)
        if before is None or before < announcement.at:
            self._heard[announcement.cluster] = announcement.at
