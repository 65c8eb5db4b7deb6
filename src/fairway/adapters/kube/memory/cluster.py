"""`MemoryKube`: objects, ownership of fields, deletion and watches, without schemas and without controllers.

It answers as an API server does, as far as the contract suite (tests/contract/kube) asks; nobody sets a status here
unless the test does (`set_status`), and unknown fields are not noticed. The rule not to break: whoever gets an object
gets a copy.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import orjson

from fairway.adapters.kube.answers import NotFound
from fairway.adapters.kube.memory import writing
from fairway.adapters.kube.memory.kinds import BUILT_IN, served_by
from fairway.adapters.kube.memory.selectors import by_fields, by_labels
from fairway.adapters.kube.memory.watching import Sight
from fairway.domain.kube_errors import AlreadyExists, Conflict, InvalidObject, UnknownKind
from fairway.domain.manifests.api import ApiResource, ApiResources, EventType, Propagation, WatchEvent, indexed
from fairway.domain.manifests.objects import Kind, Object, ObjectKey, ObjectRef, ref_of

FIELD_MANAGER = "helm"
_CRD = Kind("apiextensions.k8s.io", "CustomResourceDefinition")
_NAMESPACE = Kind("", "Namespace")


class MemoryKube:
    """A cluster of one process. `namespaces` exist from the start; in others nothing can be created."""

    address = "memory"

    def __init__(
        self,
        *,
        namespaces: Iterable[str] = ("default",),
        resources: Iterable[ApiResource] = BUILT_IN,
        kube_version: str = "v1.36.3",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.requests: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        """Nothing here warns; tests may."""
        self.logs: dict[tuple[str, str, str, bool], str] = {}
        """(namespace, pod, container, previous) → text."""
        self._now = now
        self._version = 0
        self._kube_version = kube_version
        self._built_in = tuple(resources)
        self._objects: dict[ObjectKey, Object] = {}
        self._watchers: list[tuple[Kind, asyncio.Queue[WatchEvent]]] = []
        self._serve()
        for name in namespaces:
            body: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {}}
            self._store(ref_of(body).key, {**body, "status": {"phase": "Active"}}, None)

    # --- reading

    async def discover(self, *, fresh: bool = False) -> ApiResources:
        if fresh:
            self.requests["discover"] += 1
            self._serve()
        return self._resources

    async def get(self, ref: ObjectRef) -> Object | None:
        self.requests["get"] += 1
        found = self._objects.get(ref.key)
        return _copy(found, ref.api_version) if found is not None else None

    async def list_metadata(
        self, resource: ApiResource, namespace: str | None, *, label_selector: str = ""
    ) -> list[Object]:
        return [_metadata_of(obj) for obj in self._listed(resource, namespace, label_selector, "")]

    async def list_objects(
        self, resource: ApiResource, namespace: str | None, *, label_selector: str = "", field_selector: str = ""
    ) -> list[Object]:
        return self._listed(resource, namespace, label_selector, field_selector)

    async def watch(
        self, resource: ApiResource, namespace: str | None, *, label_selector: str = "", field_selector: str = ""
    ) -> AsyncIterator[WatchEvent]:
        async with aclosing(self._events(resource, namespace, label_selector, field_selector)) as events:
            async for event in events:
                yield WatchEvent(event.type, _copy(event.object, resource.api_version))

    async def watch_metadata(
        self,
        resource: ApiResource,
        namespace: str | None,
        *,
        label_selector: str = "",
        on_listed: Callable[[], None] = lambda: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[WatchEvent]:
        async with aclosing(self._events(resource, namespace, label_selector, "", on_listed)) as events:
            async for event in events:
                yield WatchEvent(event.type, _metadata_of(event.object))

    async def read_logs(self, namespace: str, pod: str, container: str, *, lines: int, previous: bool) -> str:
        self.requests["log"] += 1
        kept = self.logs.get((namespace, pod, container, previous), "").splitlines(keepends=True)
        return "".join(kept[-lines:]) if lines else ""

    # --- writing

    async def apply(
        self, obj: Object, ref: ObjectRef, *, force: bool = True, dry_run: bool = False, manager: str = FIELD_MANAGER
    ) -> Object:
        self.requests["apply"] += 1
        self._require(ref)
        live = self._objects.get(ref.key)
        new = writing.applied(live, _copy(obj), manager, force=force, now=self._stamp(), what=str(ref))
        return self._keep(ref, new, live, dry_run=dry_run)

    async def create(self, obj: Object, ref: ObjectRef) -> Object:
        self.requests["create"] += 1
        self._require(ref)
        if ref.key in self._objects:
            raise AlreadyExists(f'{ref}: "{ref.name}" already exists', status=409, reason="AlreadyExists")
        return self._keep(ref, writing.updated(None, _copy(obj), FIELD_MANAGER, now=self._stamp()), None)

    async def replace(self, obj: Object, ref: ObjectRef) -> Object:
        self.requests["update"] += 1
        return self._change(ref, _copy(obj), FIELD_MANAGER)

    async def patch(self, ref: ObjectRef, patch: Any, *, content_type: str, manager: str = FIELD_MANAGER) -> Object:
        self.requests["patch"] += 1
        return self._change(ref, writing.patched(self._existing(ref), patch, content_type, str(ref)), manager)

    async def delete(
        self, ref: ObjectRef, *, propagation: Propagation = "Background", uid: str = "", dry_run: bool = False
    ) -> bool:
        self.requests["delete"] += 1
        live = self._objects.get(ref.key)
        if live is None or (uid and live["metadata"]["uid"] != uid):
            return False
        if dry_run:
            return True
        if live["metadata"].get("finalizers"):
            metadata = {**live["metadata"], "deletionTimestamp": self._stamp()}
            self._store(ref.key, {**live, "metadata": metadata}, live)
            return True
        self._remove(ref.key, orphan=propagation == "Orphan")
        return True

    def set_status(self, ref: ObjectRef, status: Object) -> Object:
        """What a controller would do: replace `status`, as the manager `kube-controller-manager`."""
        live = self._existing(ref)
        return _copy(self._store(ref.key, {**live, "status": _copy(status)}, live))

    # --- inside

    async def _events(
        self,
        resource: ApiResource,
        namespace: str | None,
        labels: str,
        fields: str,
        on_listed: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[WatchEvent]:
        self.requests["watch"] += 1
        by_label, by_field = by_labels(labels), by_fields(fields)
        sight = Sight(namespace, lambda obj: by_label(obj) and by_field(obj))
        queue: asyncio.Queue[WatchEvent] = asyncio.Queue()
        watcher = (_kind_of(resource), queue)
        self._watchers.append(watcher)
        try:
            for obj in self._listed(resource, namespace, labels, fields):
                yield sight.first(obj)
            on_listed()
            while True:
                if (seen := sight.of(await queue.get())) is not None:
                    yield seen
        finally:
            self._watchers.remove(watcher)

    def _listed(self, resource: ApiResource, namespace: str | None, labels: str, fields: str) -> list[Object]:
        self.requests["list"] += 1
        kind = _kind_of(resource)
        chosen_by_labels, chosen_by_fields = by_labels(labels), by_fields(fields)
        return [
            _copy(obj, resource.api_version)
            for key, obj in sorted(self._objects.items())
            if key.kind == kind
            and (not namespace or key.namespace == namespace)
            and chosen_by_labels(obj)
            and chosen_by_fields(obj)
        ]

    def _change(self, ref: ObjectRef, new: Object, manager: str) -> Object:
        live = self._existing(ref)
        asked = (new.get("metadata") or {}).get("resourceVersion")
        if asked and asked != live["metadata"]["resourceVersion"]:
            raise Conflict(f"{ref}: the object has been modified", status=409, reason="Conflict")
        return self._keep(ref, writing.updated(live, new, manager, now=self._stamp()), live)

    def _keep(self, ref: ObjectRef, new: Object, live: Object | None, *, dry_run: bool = False) -> Object:
        new = {**new, "apiVersion": ref.api_version, "kind": ref.kind}
        metadata = {**(new.get("metadata") or {}), "name": ref.name}
        if ref.namespace:
            metadata["namespace"] = ref.namespace
        new["metadata"] = metadata
        if live is not None:
            writing.refuse_immutable(ref, live, new)
        return _copy(self._complete(new, live) if dry_run else self._store(ref.key, new, live))

    def _store(self, key: ObjectKey, new: Object, live: Object | None) -> Object:
        if live is not None and writing.same(live, new):
            return live
        new = self._complete(new, live)
        if key.kind == _CRD:
            new = {**new, "status": {"conditions": [{"type": "Established", "status": "True"}]}}
        if live is not None and live["metadata"].get("deletionTimestamp") and not new["metadata"].get("finalizers"):
            self._remove(key, orphan=False)
            return new
        self._objects[key] = new
        self._tell(EventType.MODIFIED if live is not None else EventType.ADDED, key.kind, new)
        return new

    def _complete(self, new: Object, live: Object | None) -> Object:
        """What the server sets: uid, creation time, resourceVersion, and a generation that counts changes of spec."""
        self._version += 1
        before = live["metadata"] if live is not None else {}
        metadata = {
            **new["metadata"],
            "uid": before.get("uid") or str(uuid.uuid4()),
            "creationTimestamp": before.get("creationTimestamp") or self._stamp(),
            "resourceVersion": str(self._version),
        }
        if "spec" in new:
            changed = live is None or live.get("spec") != new["spec"]
            metadata["generation"] = before.get("generation", 0) + changed
        if live is not None and "status" in live and "status" not in new:
            new = {**new, "status": live["status"]}
        return {**new, "metadata": metadata}

    def _remove(self, key: ObjectKey, *, orphan: bool) -> None:
        gone = self._objects.pop(key)
        uid = gone["metadata"]["uid"]
        self._tell(EventType.DELETED, key.kind, gone)
        for other, obj in list(self._objects.items()):
            owners = obj["metadata"].get("ownerReferences") or []
            left = [owner for owner in owners if owner.get("uid") != uid]
            inside = key.kind == _NAMESPACE and other.namespace == key.name
            if other not in self._objects or (len(left) == len(owners) and not inside):
                continue
            if inside or (not left and not orphan):
                self._remove(other, orphan=False)
            else:
                self._store(other, {**obj, "metadata": {**obj["metadata"], "ownerReferences": left}}, obj)

    def _require(self, ref: ObjectRef) -> None:
        if (ref.api_version, ref.kind) not in self._resources.by_ref:
            raise UnknownKind(f"{ref}: the cluster has no {ref.kind} in {ref.api_version}", status=404)
        if not ref.name:
            raise InvalidObject(f"{ref.kind}: a name is required", status=422, reason="Invalid")
        if ref.namespace and ObjectKey(_NAMESPACE, "", ref.namespace) not in self._objects:
            raise NotFound(f'{ref}: namespaces "{ref.namespace}" not found', status=404, reason="NotFound")

    def _existing(self, ref: ObjectRef) -> Object:
        self._require(ref)
        live = self._objects.get(ref.key)
        if live is None:
            raise NotFound(f'{ref}: "{ref.name}" not found', status=404, reason="NotFound")
        return _copy(live, ref.api_version)

    def _serve(self) -> None:
        crds = [obj for key, obj in self._objects.items() if key.kind == _CRD]
        self._resources = indexed(self._kube_version, (*self._built_in, *(r for crd in crds for r in served_by(crd))))

    def _tell(self, event: EventType, kind: Kind, obj: Object) -> None:
        for watched, queue in self._watchers:
            if watched == kind:
                queue.put_nowait(WatchEvent(event, obj))

    def _stamp(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _kind_of(resource: ApiResource) -> Kind:
    return Kind(resource.api_version.rpartition("/")[0], resource.kind)


def _metadata_of(obj: Object) -> Object:
    return _copy({name: obj[name] for name in ("apiVersion", "kind", "metadata")})


def _copy(obj: Object, api_version: str = "") -> Object:
    copied: Object = orjson.loads(orjson.dumps(obj))
    if api_version:
        copied["apiVersion"] = api_version
    return copied
