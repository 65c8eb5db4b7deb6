"""The container images that an object names, and whether each means the same image tomorrow.

The rule not to break: a digest pins whatever the tag says; a tag other than `latest` counts as pinned, though
registries allow moving it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fairway.domain.kubernetes.validating import JsonPath
from fairway.domain.manifests.objects import Object

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_POD_SPECS: dict[str, JsonPath] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATED = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Rollout")


def images_of(obj: Object) -> Iterator[tuple[JsonPath, str]]:
    """(path, image) of every container, in the object's order."""
    kind = str(obj.get("kind", ""))
    path = _POD_SPECS.get(kind) or (("spec", "template", "spec") if kind in _TEMPLATED else None)
    if path is None:
        return
    spec: Any = obj
    for part in path:
        spec = spec.get(part) if isinstance(spec, dict) else None
    if not isinstance(spec, dict):
        return
    for name in _CONTAINERS:
        containers = spec.get(name)
        for i, container in enumerate(containers if isinstance(containers, list) else ()):
            image = container.get("image") if isinstance(container, dict) else None
            if isinstance(image, str) and image:
                yield (*path, name, i, "image"), image


def why_unpinned(image: str) -> str | None:
    """`no tag` or `the tag latest`; None for an image with a digest or another tag."""
    if "@" in image:
        return None
    _, colon, tag = image.rpartition("/")[2].partition(":")
    if not colon or not tag:
        return "no tag"
    return "the tag latest" if tag == "latest" else None
