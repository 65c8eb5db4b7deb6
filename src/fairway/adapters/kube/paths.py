"""URL paths of Kubernetes resources, ready to send: names are escaped here and nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fairway.domain.manifests.api import ApiResource


def collection(resource: ApiResource, namespace: str | None) -> str:
    """The path of a kind, in a namespace or (None, or a cluster-scoped kind) everywhere."""
    version = resource.api_version
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if resource.namespaced and namespace:
        return f"{root}/namespaces/{quote(namespace, safe='')}/{resource.plural}"
    return f"{root}/{resource.plural}"


def item(resource: ApiResource, namespace: str, name: str) -> str:
    """The path of one object."""
    return f"{collection(resource, namespace)}/{quote(name, safe='')}"


def with_query(path: str, **parameters: str | int | bool) -> str:
    """Add those parameters that are not empty or False; True becomes `true`."""
    given = {
        name: "true" if value is True else value
        for name, value in parameters.items()
        if value is not False and value != ""
    }
    return f"{path}?{urlencode(given)}" if given else path
