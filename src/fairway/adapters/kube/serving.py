"""What the cluster serves, asked once and shared: which API resource an object reference means.

The rule not to break: one answer holds for a run until somebody asks for a fresh one, and concurrent askers share one
request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fairway.adapters.kube.discovery import Discovery
from fairway.domain.errors import Transient
from fairway.domain.kube_errors import UnknownKind
from fairway.domain.manifests.api import ApiResource, ApiResources
from fairway.domain.manifests.objects import ObjectRef


class Serving:
    """Discovery with a memory."""

    def __init__(self, ask: Callable[[], Awaitable[Discovery]]) -> None:
        self._ask = ask
        self._known: Discovery | None = None
        self._asking: asyncio.Future[Discovery] | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Group versions that did not answer."""
        return self._known.missing if self._known else ()

    async def resources(self, *, fresh: bool = False) -> ApiResources:
        """All served kinds; `fresh` asks again, also when a question is on its way that began before."""
        if self._known is not None and not fresh:
            return self._known.resources
        if self._asking is None or fresh:
            self._asking = asyncio.ensure_future(self._ask())
        asking = self._asking
        try:
            known = await asyncio.shield(asking)
        finally:
            if asking.done() and self._asking is asking:
                self._asking = None
        self._known = known
        return known.resources

    async def resource(self, ref: ObjectRef) -> ApiResource:
        """Raises UnknownKind when it is not served, Transient when its API is registered but down."""
        known = self._known
        resources = known.resources if known is not None else await self.resources()
        found = resources.by_ref.get((ref.api_version, ref.kind))
        if found is not None:
            return found
        if ref.api_version in self.missing:
            raise Transient(f"the API {ref.api_version} of {ref} does not answer", fix="look at its APIService")
        raise UnknownKind(
            f"{ref}: the cluster has no {ref.kind} in {ref.api_version}",
            status=404,
            fix=_fix(resources, ref),
        )


def _fix(resources: ApiResources, ref: ObjectRef) -> str:
    other = resources.by_kind.get(ref.key.kind)
    if other is not None:
        return f"it serves {other.api_version} {other.kind}"
    versions = sorted(r.api_version for r in resources.resources if r.kind == ref.kind)
    return f"it serves {ref.kind} in {', '.join(versions)}" if versions else "install its CRD first"
