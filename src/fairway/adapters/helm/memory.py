"""Revisions in this process only: for plans without a cluster, and gone when it ends.

They are kept encoded, as every other store keeps them, so that what cannot be stored fails here too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from fairway.domain.errors import Terminal
from fairway.domain.kube_errors import AlreadyExists
from fairway.domain.releases.record import decode, encode
from fairway.domain.releases.revision import Revision, RevisionSummary


@dataclass(frozen=True, slots=True)
class _Entry:
    payload: bytes
    summary: RevisionSummary
    labels: dict[str, str]


class MemoryRevisionStore:
    """See `services.engine.ports.RevisionStore`."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._entries: dict[tuple[str, str, int], _Entry] = {}
        self._writes = 0

    async def summaries(self, namespace: str | None, *, name: str = "") -> list[RevisionSummary]:
        return [
            entry.summary
            for (where, release, _), entry in sorted(self._entries.items())
            if namespace in (None, where) and name in ("", release)
        ]

    async def read(self, namespace: str, name: str, version: int) -> Revision | None:
        entry = self._entries.get((namespace, name, version))
        if entry is None:
            return None
        return replace(decode(entry.payload), labels=entry.labels, notes_to_self=entry.summary.notes_to_self)

    async def create(self, revision: Revision) -> None:
        key = (revision.namespace, revision.name, revision.version)
        if key in self._entries:
            raise AlreadyExists(f"revision {revision.version} of {revision.name} exists already", status=409)
        self._entries[key] = self._entry(revision, self._now())

    async def update(self, revision: Revision) -> None:
        key = (revision.namespace, revision.name, revision.version)
        before = self._entries.get(key)
        if before is None:
            raise Terminal(f"revision {revision.version} of {revision.name} is not stored")
        self._entries[key] = self._entry(revision, before.summary.created, before.summary.uid)

    async def delete(self, namespace: str, name: str, version: int) -> None:
        self._entries.pop((namespace, name, version), None)

    def _entry(self, revision: Revision, created: datetime | None, uid: str = "") -> _Entry:
        self._writes += 1
        summary = RevisionSummary(
            name=revision.name,
            namespace=revision.namespace,
            version=revision.version,
            status=revision.status,
            modified=self._now(),
            created=created,
            notes_to_self=dict(revision.notes_to_self),
            uid=uid or f"memory-{self._writes}",
            resource_version=str(self._writes),
        )
        return _Entry(encode(revision), summary, dict(revision.labels))
