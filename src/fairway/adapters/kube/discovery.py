"""Which kinds a cluster serves: two requests of aggregated discovery and one for the version, all at once.

Servers before 1.26 answer the same requests with plain group lists; then each group version is asked for. The rule not
to break: an aggregated API that is down (metrics, custom metrics) never stops a deployment; it is a warning.

Source: k8s.io/api/apidiscovery/v2, and client-go's discovery client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from fairway.adapters.kube.transport import Call, Transport
from fairway.domain.errors import FairwayError, Transient
from fairway.domain.manifests.api import ApiResource, ApiResources, indexed

_AGGREGATED = {
    "Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
}


@dataclass(frozen=True, slots=True)
class Discovery:
    """What is served, and the group versions that should be but do not answer."""

    resources: ApiResources
    missing: tuple[str, ...] = ()


async def discover(transport: Transport) -> Discovery:
    """Ask the server. Raises Transient when it can't be reached, Forbidden when nothing may be read."""
    roots = [
        asyncio.ensure_future(transport.send(Call("discover", "GET", path, "read the API's list", headers=_AGGREGATED)))
        for path in ("/api", "/apis")
    ]
    version, *answers = await asyncio.gather(
        transport.send(Call("discover", "GET", "/version", "read the cluster's version")), *roots
    )
    found: list[ApiResource] = []
    missing: list[str] = []
    for body in answers:
        document = orjson.loads(body)
        if document.get("kind") == "APIGroupDiscoveryList":
            found.extend(_aggregated(document, missing))
        else:
            found.extend(await _one_by_one(transport, document, missing))
    return Discovery(indexed(orjson.loads(version)["gitVersion"], found), tuple(missing))


def _aggregated(document: Any, missing: list[str]) -> Iterator[ApiResource]:
    for group in document.get("items") or ():
        name = (group.get("metadata") or {}).get("name") or ""
        for version in group.get("versions") or ():
            api_version = f"{name}/{version['version']}" if name else version["version"]
            if version.get("freshness") == "Stale":
                missing.append(api_version)
            for resource in version.get("resources") or ():
                yield ApiResource(
                    api_version,
                    (resource.get("responseKind") or {}).get("kind", ""),
                    resource["resource"],
                    resource.get("scope") == "Namespaced",
                    frozenset(resource.get("verbs") or ()),
                )


async def _one_by_one(transport: Transport, document: Any, missing: list[str]) -> list[ApiResource]:
    versions = [(v, f"/api/{v}") for v in document.get("versions") or ()]
    for group in document.get("groups") or ():
        preferred = (group.get("preferredVersion") or {}).get("groupVersion")
        names = [v["groupVersion"] for v in group.get("versions") or ()]
        names.sort(key=lambda name: name != preferred)
        versions.extend((name, f"/apis/{name}") for name in names)
    lists = await asyncio.gather(*(_version(transport, name, path, missing) for name, path in versions))
    return [resource for resources in lists for resource in resources]


async def _version(transport: Transport, name: str, path: str, missing: list[str]) -> list[ApiResource]:
    try:
        call = Call("discover", "GET", path, f"read the kinds of {name}", attempts=2)
        document = orjson.loads(await transport.send(call))
    except Transient:
        missing.append(name)
        return []
    except FairwayError as error:
        if getattr(error, "status", 0) == 404:
            missing.append(name)
            return []
        raise
    return [
        ApiResource(name, item["kind"], item["name"], bool(item["namespaced"]), frozenset(item.get("verbs") or ()))
        for item in document.get("resources") or ()
        if "/" not in item["name"]
    ]
