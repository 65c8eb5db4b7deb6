"""From the resources of a request to the objects that are applied, in the order in which they were given.

The rule not to break: what can't be applied twice with the same outcome is refused here: an object without a name, one
with a name that the server would make up, and the same object twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fairway.domain.errors import UserError
from fairway.domain.health.applications import CORRELATION_ID
from fairway.domain.manifests.lists import flatten
from fairway.domain.manifests.objects import Kind, Object, ObjectKey, ObjectRef, group_of
from fairway.domain.manifests.ownership import RELEASE_NAME, owner_of

_CRD = Kind("apiextensions.k8s.io", "CustomResourceDefinition")
_NAMESPACE = Kind("", "Namespace")
_SERVERS_OWN = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink")


def declared(resources: Sequence[Any], delivery_id: str) -> tuple[Object, ...]:
    """Single objects, lists expanded, each annotated with the delivery; what only a server writes is left out.

    Raises UserError that names the place of the first resource which can't be applied.
    """
    objects: list[Object] = []
    for number, resource in enumerate(resources):
        place = f"resources[{number}]"
        if not isinstance(resource, dict):
            raise UserError(f"{place} is no object", fix="a resource is an object with apiVersion, kind and metadata")
        for one in flatten(resource):
            _check(one, place)
            objects.append(_marked(one, delivery_id))
    if not objects:
        raise UserError("no resources to deploy", fix="list them in payload.kubernetes.resources")
    return tuple(objects)


def refuse_duplicates(refs: Iterable[ObjectRef]) -> None:
    """Raises UserError for the first object that is there twice."""
    seen: set[ObjectKey] = set()
    for ref in refs:
        if ref.key in seen:
            raise UserError(
                f"{name_of(ref)} is there twice", fix="remove one of them, or give it another name or namespace"
            )
        seen.add(ref.key)


def refuse_foreign(obj: Object, ref: ObjectRef) -> None:
    """Raises UserError for an object, as it would be stored, that belongs to a release of Helm or Fairway."""
    owner = owner_of(obj)
    if owner is None:
        return
    namespace, release = owner
    raise UserError(
        f"{name_of(ref)} belongs to the release {namespace}/{release}, which would change it back",
        fix=f"take it out of that release first, or out of this request; helm -n {namespace} get manifest {release}",
    )


def name_of(ref: ObjectRef) -> str:
    """`Deployment shop/web`, for people."""
    return f"{ref.kind} {ref.namespace}/{ref.name}" if ref.namespace else f"{ref.kind} {ref.name}"


def mark_of(ref: ObjectRef) -> str:
    """As `name_of`, with the group, so that no two objects have the same: `Deployment.apps shop/web`."""
    return f"{ref.key.kind} {ref.namespace}/{ref.name}" if ref.namespace else f"{ref.key.kind} {ref.name}"


def delivery_of(obj: Object | None) -> str:
    """Which delivery applied an object; empty when none did."""
    metadata = (obj or {}).get("metadata") or {}
    return str((metadata.get("annotations") or {}).get(CORRELATION_ID, ""))


def comes_first(ref: ObjectRef, earlier: Iterable[Object]) -> str:
    """What of the same request, given earlier, has to exist before an object can be tried; empty when nothing has."""
    for obj in earlier:
        kind = Kind(group_of(obj["apiVersion"]), obj["kind"])
        name = obj["metadata"]["name"]
        if kind == _NAMESPACE and name == ref.namespace:
            return f"Namespace {name}"
        if kind == _CRD and _defines(obj, ref):
            return f"CustomResourceDefinition {name}"
    return ""


def _check(obj: Object, place: str) -> None:
    metadata = obj.get("metadata")
    for field in ("apiVersion", "kind"):
        if not isinstance(obj.get(field), str) or not obj[field]:
            raise UserError(f"{place} has no {field}", fix="every resource needs apiVersion, kind and metadata.name")
    what = f"{place} ({obj['kind']})"
    if not isinstance(metadata, dict):
        raise UserError(f"{what} has no metadata", fix="every resource needs metadata.name")
    name = metadata.get("name")
    if not name and metadata.get("generateName"):
        raise UserError(
            f"{what} has metadata.generateName: it would be another object each time",
            fix="give it a name; a Job of the same name is replaced by each deployment",
        )
    if not isinstance(name, str) or not name:
        raise UserError(f"{what} has no metadata.name", fix="every resource needs metadata.name")
    for field in ("name", "namespace"):
        _check_segment(metadata.get(field), f"{what}: metadata.{field}")
    for field in ("annotations", "labels"):
        if not isinstance(metadata.get(field) or {}, dict):
            raise UserError(f"{what}: metadata.{field} must be an object")
    if RELEASE_NAME in (metadata.get("annotations") or {}):
        raise UserError(
            f"{what} {name} says that it belongs to a release ({RELEASE_NAME})",
            fix="remove Helm's annotations: a deployment keeps no release",
        )


def _check_segment(name: Any, place: str) -> None:
    """Part of an address: behind a slash another part of the API would begin, which deployd may read and a team not."""
    if not isinstance(name or "", str):
        raise UserError(f"{place} must be a text")
    if name and (name in (".", "..") or "/" in name or "%" in name):
        raise UserError(
            f"{place}: {name[:80]!r} is no name", fix="Kubernetes has no names with a slash or a percent sign"
        )


def _marked(obj: Object, delivery_id: str) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _SERVERS_OWN}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), CORRELATION_ID: delivery_id}
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": metadata}


def _defines(definition: Object, ref: ObjectRef) -> bool:
    spec = definition.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    kind = names.get("kind") if isinstance(names, dict) else None
    return isinstance(spec, dict) and (spec.get("group"), kind) == (ref.group, ref.kind)
