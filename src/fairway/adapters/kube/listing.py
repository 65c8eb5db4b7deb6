"""All objects of a kind, page by page.

The rule not to break: lists name no resourceVersion, so that they are consistent: a plan must see what this very
process wrote a moment ago, and the value `0` would let the server answer from a cache that lags.
"""

from __future__ import annotations

import orjson

from fairway.adapters.kube import paths
from fairway.adapters.kube.answers import Expired
from fairway.adapters.kube.transport import Call, Transport
from fairway.domain.manifests.api import ApiResource
from fairway.domain.manifests.objects import Object

METADATA_PAGE = 2500
OBJECT_PAGE = 500


async def list_all(
    transport: Transport,
    resource: ApiResource,
    path: str,
    page: int,
    headers: dict[str, str] | None,
    *,
    what: str,
    **query: str,
) -> tuple[list[Object], str]:
    """The objects and the resourceVersion of the list; all at once when the first page's state was lost meanwhile."""
    found: list[Object] = []
    token = ""
    while True:
        url = paths.with_query(path, limit=page, **query, **{"continue": token})
        try:
            body = orjson.loads(await transport.send(Call("list", "GET", url, f"list {what}", None, headers)))
        except Expired:
            if not token:
                raise
            found, token, page = [], "", 0
            continue
        items = body.get("items") or []
        for item in items:
            # Items of a list do not say what they are.
            item["apiVersion"], item["kind"] = resource.api_version, resource.kind
        found += items
        metadata = body.get("metadata") or {}
        token = metadata.get("continue") or ""
        if not token:
            return found, str(metadata.get("resourceVersion") or "")
