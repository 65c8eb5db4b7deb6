"""What the engine needs from outside: a renderer, a cluster's objects, and a place for revisions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from fairway.domain.charts.rendering import Rendered, RenderRequest
from fairway.domain.manifests.api import ApiResource, ApiResources, Propagation, WatchEvent
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.releases.revision import Revision, RevisionSummary


class Renderer(Protocol):
    """Turns a chart and values into documents exactly as Helm does.

    Raises `UserError` for what the author of the chart or the values must fix (template, schema), with the place.
    """

    name: str

    async def render(self, request: RenderRequest) -> Rendered: ...

    async def parse(self, text: str) -> list[tuple[str, Object]]:
        """Split manifest text into (document text, object) with Helm's reading of YAML; empty documents left out."""
        ...


class ObjectReader(Protocol):
    """Reads the cluster. Missing is None, never an exception; unreachable is `Transient`."""

    async def discover(self, *, fresh: bool = False) -> ApiResources:
        """All served kinds and the version: one answer per run unless `fresh` (after CRDs were applied)."""
        ...

    async def get(self, ref: ObjectRef) -> Object | None: ...

    async def list_metadata(
        self, resource: ApiResource, namespace: str | None, *, label_selector: str = ""
    ) -> list[Object]:
        """PartialObjectMetadata (managedFields included) of a kind; `None` means all namespaces."""
        ...

    async def list_objects(
        self,
        resource: ApiResource,
        namespace: str | None,
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> list[Object]: ...

    def watch(
        self,
        resource: ApiResource,
        namespace: str | None,
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AsyncIterator[WatchEvent]:
        """First what is there (as ADDED), then each change, for ever: re-lists on 410 and on a lost connection.

        An object that vanished while the connection was lost comes as DELETED. Ends when the caller stops iterating.
        """
        ...

    async def read_logs(self, namespace: str, pod: str, container: str, *, lines: int, previous: bool) -> str:
        """The last lines of a container's log; the empty string when there is none."""
        ...


class ObjectWriter(Protocol):
    """Changes the cluster. Errors: `Conflict`, `InvalidObject` and `Forbidden` below, else Transient/Terminal."""

    async def apply(
        self, obj: Object, ref: ObjectRef, *, force: bool = True, dry_run: bool = False, manager: str = "helm"
    ) -> Object:
        """Server-side apply with strict field validation; returns the object as stored."""
        ...

    async def create(self, obj: Object, ref: ObjectRef) -> Object:
        """Plain create; `AlreadyExists` when there is one of that name."""
        ...

    async def replace(self, obj: Object, ref: ObjectRef) -> Object:
        """PUT of the whole object; honours metadata.resourceVersion (`Conflict`)."""
        ...

    async def patch(self, ref: ObjectRef, patch: Any, *, content_type: str, manager: str = "helm") -> Object:
        """`content_type` is one of the API's: application/merge-patch+json, application/json-patch+json."""
        ...

    async def delete(
        self, ref: ObjectRef, *, propagation: Propagation = "Background", uid: str = "", dry_run: bool = False
    ) -> bool:
        """False when it was gone already. With `uid`, deletes only that very object."""
        ...


class Kube(ObjectReader, ObjectWriter, Protocol):
    """One cluster."""

    @property
    def address(self) -> str:
        """The API server's address, for people."""
        ...

    @property
    def warnings(self) -> Mapping[str, int]:
        """What the server warned of so far (deprecated versions and the like), with how often."""
        ...


class RevisionStore(Protocol):
    """Where revisions are kept in Helm's format: Secrets, ConfigMaps or SQL.

    `create` is also the lock: exactly one writer can create revision N+1 of a release (`AlreadyExists` otherwise).
    """

    async def summaries(self, namespace: str | None, *, name: str = "") -> list[RevisionSummary]:
        """Every stored revision, newest last per release, without its payload: one request."""
        ...

    async def read(self, namespace: str, name: str, version: int) -> Revision | None: ...

    async def create(self, revision: Revision) -> None: ...

    async def update(self, revision: Revision) -> None: ...

    async def delete(self, namespace: str, name: str, version: int) -> None: ...
