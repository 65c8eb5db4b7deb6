"""One look at a namespace for a whole run: stored revisions, and metadata of the kinds that are asked about.

Each (kind, namespace) is listed once, whoever asks first; nothing is asked object by object. Unless the look is narrow:
then only a few releases are of interest, and nothing is listed that has to do with the others.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from fairway.domain.charts.rendering import Capabilities
from fairway.domain.errors import FairwayError
from fairway.domain.manifests.api import ApiResource, ApiResources
from fairway.domain.manifests.objects import Kind, Object, ObjectKey, ObjectRef
from fairway.domain.releases.revision import RevisionSummary, Status
from fairway.domain.repository.models import Environment
from fairway.domain.suspensions.suspension import Suspension, suspended
from fairway.services.engine.ports import ObjectReader, RevisionStore

if TYPE_CHECKING:
    from fairway.services.engine.session import Session

Suspensions = Callable[[], Awaitable[Callable[[str], Suspension | None]]]
"""Asks what is suspended; the answer says it of each release."""


async def _no_suspensions() -> Callable[[str], Suspension | None]:
    return lambda release: None


class Snapshot:
    """What a run knows of one namespace. Lists are made on demand, once, and shared by all releases.

    `names`: a narrow look at these releases alone; of others nothing is known, not even whether they exist.
    """

    def __init__(
        self,
        kube: ObjectReader,
        store: RevisionStore,
        namespace: str,
        names: frozenset[str] = frozenset(),
        suspensions: Suspensions = _no_suspensions,
    ) -> None:
        self._kube = kube
        self._store = store
        self.namespace = namespace
        self.names = names
        self._lists: dict[tuple[Kind, str], asyncio.Task[dict[str, Object]]] = {}
        self._revisions: Mapping[str, list[RevisionSummary]] = {}
        self._claims: dict[ObjectKey, str] = {}
        self.leaving: frozenset[str] = frozenset()
        """Releases that this run removes at its end, because they are no longer declared."""
        self.heirs: dict[str, dict[ObjectKey, str]] = defaultdict(dict)
        """Leaving release → its objects that another release takes over first."""
        self.resources: ApiResources
        self._suspensions = suspensions
        self._suspended: Callable[[str], Suspension | None] = lambda release: None

    @staticmethod
    def of(
        session: Session, environment: Environment, names: frozenset[str] = frozenset(), *, even_suspended: bool = False
    ) -> Snapshot:
        """Of an environment's namespace, with what is suspended there. `even_suspended`: as if nothing were."""

        async def suspensions() -> Callable[[str], Suspension | None]:
            found = await session.suspended(environment.name)
            now = session.now()
            return lambda release: suspended(found, environment.name, release, now)

        honoured = _no_suspensions if even_suspended else suspensions
        return Snapshot(session.kube, session.store, environment.namespace, names, honoured)

    def suspension(self, release: str) -> Suspension | None:
        """What keeps a release of this environment still; None when nothing does."""
        return self._suspended(release)

    def claimed(self, key: ObjectKey, release: str) -> str:
        """Which release of this run was first to want an object: this one, unless another was before it."""
        return self._claims.setdefault(key, release)

    async def open(self) -> Snapshot:
        """Read discovery, all stored revisions and what is suspended: what every decision needs."""
        self.resources, summaries, self._suspended = await asyncio.gather(
            self._kube.discover(), self._summaries(), self._suspensions()
        )
        revisions: dict[str, list[RevisionSummary]] = defaultdict(list)
        for summary in summaries:
            revisions[summary.name].append(summary)
        for history in revisions.values():
            history.sort(key=lambda s: s.version)
        self._revisions = revisions
        return self

    async def _summaries(self) -> list[RevisionSummary]:
        if not self.names:
            return await self._store.summaries(self.namespace)
        parts = await asyncio.gather(*(self._store.summaries(self.namespace, name=name) for name in self.names))
        return [summary for part in parts for summary in part]

    async def anew(self) -> Snapshot:
        """A later look, for a release that is tried again; which release wants which object stays known."""
        later = Snapshot(self._kube, self._store, self.namespace, self.names, self._as_known)
        later._claims, later.leaving, later.heirs = self._claims, self.leaving, self.heirs
        return await later.open()

    async def _as_known(self) -> Callable[[str], Suspension | None]:
        return self._suspended

    async def rediscover(self) -> ApiResources:
        """Ask the server again what kinds it knows, after CRDs were applied."""
        self.resources = await self._kube.discover(fresh=True)
        return self.resources

    @property
    def capabilities(self) -> Capabilities:
        """The cluster as charts see it."""
        return self.resources.capabilities()

    @property
    def release_names(self) -> list[str]:
        return sorted(self._revisions)

    def history(self, release: str) -> list[RevisionSummary]:
        """Stored revisions of a release, oldest first."""
        return self._revisions.get(release, [])

    def latest(self, release: str) -> RevisionSummary | None:
        history = self.history(release)
        return history[-1] if history else None

    def deployed(self, release: str) -> RevisionSummary | None:
        """The newest revision that Helm calls deployed."""
        return next((s for s in reversed(self.history(release)) if s.status is Status.DEPLOYED), None)

    async def refresh(self, release: str) -> list[RevisionSummary]:
        """Read one release's revisions again: trust what was stored, not what a call returned."""
        fresh = sorted(await self._store.summaries(self.namespace, name=release), key=lambda s: s.version)
        self._revisions = {**self._revisions, release: fresh}
        return fresh

    def resource_of(self, ref: ObjectRef) -> ApiResource | None:
        """Exact API version first, then any version of the kind."""
        return self.resources.by_ref.get((ref.api_version, ref.kind)) or self.resources.by_kind.get(ref.key.kind)

    async def metadata(self, refs: Iterable[ObjectRef]) -> dict[ObjectKey, Object]:
        """PartialObjectMetadata of those of the objects that exist; of a narrow look the objects themselves."""
        if self.names:
            return await self._one_by_one(dict.fromkeys(refs))
        wanted: dict[tuple[Kind, str], tuple[ApiResource, list[ObjectRef]]] = {}
        for ref in refs:
            resource = self.resource_of(ref)
            if resource is not None:
                place = (ref.key.kind, ref.namespace)
                wanted.setdefault(place, (resource, []))[1].append(ref)
        found: dict[ObjectKey, Object] = {}
        lists = await asyncio.gather(*(self._list(place, res) for place, (res, _) in wanted.items()))
        for (_, asked), listed in zip(wanted.values(), lists, strict=True):
            for ref in asked:
                if ref.name in listed:
                    found[ref.key] = listed[ref.name]
        return found

    async def _one_by_one(self, refs: Iterable[ObjectRef]) -> dict[ObjectKey, Object]:
        known = [ref for ref in refs if self.resource_of(ref) is not None]
        found = await asyncio.gather(*(self._kube.get(ref) for ref in known))
        return {ref.key: obj for ref, obj in zip(known, found, strict=True) if obj is not None}

    async def _list(self, place: tuple[Kind, str], resource: ApiResource) -> dict[str, Object]:
        task = self._lists.get(place)
        if task is None:
            task = asyncio.ensure_future(self._read(resource, place[1]))
            self._lists[place] = task
        try:
            return await asyncio.shield(task)
        except FairwayError:
            # Whoever asks next asks anew.
            if self._lists.get(place) is task:
                del self._lists[place]
            raise

    async def _read(self, resource: ApiResource, namespace: str) -> dict[str, Object]:
        items = await self._kube.list_metadata(resource, namespace if resource.namespaced else None)
        return {str(item["metadata"]["name"]): item for item in items}
