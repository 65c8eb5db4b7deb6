"""What the drift watch needs from outside: a cluster's metadata as it changes, and the stored revisions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from fairway.domain.manifests.api import ApiResource, ApiResources, WatchEvent
from fairway.domain.releases.revision import RevisionSummary


class MetadataWatcher(Protocol):
    """A cluster whose objects' metadata can be followed."""

    async def discover(self, *, fresh: bool = False) -> ApiResources: ...

    def watch_metadata(
        self,
        resource: ApiResource,
        namespace: str | None,
        *,
        label_selector: str = "",
        on_listed: Callable[[], None] = ...,
        on_lost: Callable[[], None] = ...,
    ) -> AsyncIterator[WatchEvent]:
        """As `ObjectReader.watch`, metadata alone. `on_listed` is called after each list, when all of it was taken;
        `on_lost` once when the cluster stops answering, and again only after it answered.

        An object that loses the label comes as DELETED. Raises what the server refuses (Forbidden, UnknownKind).
        """
        ...


class Summaries(Protocol):
    """Stored revisions without their payload; `RevisionStore` is one."""

    async def summaries(self, namespace: str | None, *, name: str = "") -> list[RevisionSummary]: ...
