"""Revisions in the cluster, as Helm keeps them: one object each, in the release's namespace.

`create` is the lock: the API server lets exactly one writer create revision N+1. The rule not to break: a record is
never left half written, so of a large one the parts come first, the head last, and what the old head named goes after.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from fairway.adapters.helm import record_parts
from fairway.adapters.helm import storage_objects as stored
from fairway.domain.errors import Terminal
from fairway.domain.kube_errors import ApiRefusal
from fairway.domain.manifests.api import ApiResource, Propagation
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.releases.revision import Revision, RevisionSummary

_VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})


class Objects(Protocol):
    """What a store needs of a cluster."""

    async def get(self, ref: ObjectRef) -> Object | None: ...

    async def list_metadata(
        self, resource: ApiResource, namespace: str | None, *, label_selector: str = ""
    ) -> list[Object]: ...

    async def create(self, obj: Object, ref: ObjectRef) -> Object: ...

    async def replace(self, obj: Object, ref: ObjectRef) -> Object: ...

    async def delete(self, ref: ObjectRef, *, propagation: Propagation = "Background", uid: str = "") -> bool: ...


class KubeRevisionStore(ABC):
    """What Secrets and ConfigMaps have in common; see `services.engine.ports.RevisionStore`."""

    kind = ""
    plural = ""

    def __init__(self, objects: Objects, *, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        """`now` stamps the labels createdAt and modifiedAt; `new_id` names the parts of large records."""
        self._objects = objects
        self._now = now
        self._new_id = new_id
        self._resource = ApiResource("v1", self.kind, self.plural, True, _VERBS)
        self._in_parts: dict[tuple[str, str], record_parts.Parts | None] = {}

    async def summaries(self, namespace: str | None, *, name: str = "") -> list[RevisionSummary]:
        selector = f"owner={stored.OWNER}" + (f",name={name}" if name else "")
        found: list[RevisionSummary] = []
        for obj in await self._objects.list_metadata(self._resource, namespace, label_selector=selector):
            summary = stored.summary_of(obj)
            if summary is None:
                continue
            found.append(summary)
            key = stored.record_key(summary.name, summary.version)
            self._in_parts[summary.namespace, key] = stored.parts_of(obj["metadata"])
        return sorted(found, key=lambda summary: (summary.namespace, summary.name, summary.version))

    async def read(self, namespace: str, name: str, version: int) -> Revision | None:
        key = stored.record_key(name, version)
        obj = await self._objects.get(self._ref(namespace, key))
        if obj is None:
            return None
        metadata = obj["metadata"]
        revision = stored.revision_of(self._payload(obj), metadata)
        parts = self._in_parts[namespace, key] = stored.parts_of(metadata)
        if parts is None:
            return revision
        slices = [await self._read_part(namespace, part) for part in parts.names(key)]
        return record_parts.joined(revision, slices, parts)

    async def create(self, revision: Revision) -> None:
        key = stored.record_key(revision.name, revision.version)
        labels = stored.labels_of(revision, createdAt=self._stamp())
        payload = stored.whole(revision)
        if payload is not None:
            await self._objects.create(self._record(revision, key, labels, payload), self._ref(revision.namespace, key))
            self._in_parts[revision.namespace, key] = None
            return
        parts = await self._write_parts(revision, key)
        top = self._record(revision, key, labels, record_parts.head(revision, parts), parts)
        try:
            await self._objects.create(top, self._ref(revision.namespace, key))
        except ApiRefusal:
            await self._delete_parts(revision.namespace, key, parts)
            raise
        self._in_parts[revision.namespace, key] = parts
        await self._sweep(revision, key, parts)

    async def update(self, revision: Revision) -> None:
        key = stored.record_key(revision.name, revision.version)
        ref = self._ref(revision.namespace, key)
        labels = stored.labels_of(revision, modifiedAt=self._stamp())
        before = await self._known_parts(revision.namespace, key)
        payload = stored.whole(revision)
        parts: record_parts.Parts | None = None
        if payload is None:
            if before is not None and record_parts.same_content(revision, before):
                parts = before
            else:
                parts = await self._write_parts(revision, key)
            payload = record_parts.head(revision, parts)
        await self._objects.replace(self._record(revision, key, labels, payload, parts), ref)
        self._in_parts[revision.namespace, key] = parts
        if before is not None and before != parts:
            await self._delete_parts(revision.namespace, key, before)

    async def delete(self, namespace: str, name: str, version: int) -> None:
        key = stored.record_key(name, version)
        parts = await self._known_parts(namespace, key)
        await self._objects.delete(self._ref(namespace, key))
        if parts is not None:
            await self._delete_parts(namespace, key, parts)
        self._in_parts.pop((namespace, key), None)

    @abstractmethod
    def _wrap(self, metadata: dict[str, Any], payload: bytes) -> Object: ...

    @abstractmethod
    def _wrap_part(self, metadata: dict[str, Any], data: bytes) -> Object: ...

    @abstractmethod
    def _payload(self, obj: Object) -> bytes: ...

    @abstractmethod
    def _part_payload(self, obj: Object) -> bytes: ...

    def _record(
        self,
        revision: Revision,
        key: str,
        labels: dict[str, str],
        payload: bytes,
        parts: record_parts.Parts | None = None,
    ) -> Object:
        if parts is not None:
            labels = {**labels, stored.PARTS: str(parts)}
        metadata: dict[str, Any] = {"name": key, "namespace": revision.namespace, "labels": labels}
        if annotations := stored.annotations_of(revision):
            metadata["annotations"] = annotations
        return self._wrap(metadata, payload)

    async def _write_parts(self, revision: Revision, key: str) -> record_parts.Parts:
        parts, slices = record_parts.split(revision, self._new_id())
        for name, data in zip(parts.names(key), slices, strict=True):
            metadata = {
                "name": name,
                "namespace": revision.namespace,
                "labels": {**stored.PART_LABELS, "name": revision.name, "version": str(revision.version)},
                "annotations": {stored.PART_OF: key},
            }
            await self._objects.create(self._wrap_part(metadata, data), self._ref(revision.namespace, name))
        return parts

    async def _read_part(self, namespace: str, name: str) -> bytes:
        obj = await self._objects.get(self._ref(namespace, name))
        if obj is None:
            raise Terminal(
                f"part {name} of a stored revision is gone from namespace {namespace}",
                fix="roll back to, or apply, another revision; this one cannot be read any more",
            )
        return self._part_payload(obj)

    async def _delete_parts(self, namespace: str, key: str, parts: record_parts.Parts) -> None:
        for name in parts.names(key):
            await self._objects.delete(self._ref(namespace, name))

    async def _sweep(self, revision: Revision, key: str, parts: record_parts.Parts) -> None:
        """Parts of the same revision by a writer who died before its record was there."""
        labels = {**stored.PART_LABELS, "name": revision.name, "version": str(revision.version)}
        selector = ",".join(f"{label}={value}" for label, value in labels.items())
        listed = await self._objects.list_metadata(self._resource, revision.namespace, label_selector=selector)
        for name in {str(obj["metadata"]["name"]) for obj in listed} - set(parts.names(key)):
            await self._objects.delete(self._ref(revision.namespace, name))

    async def _known_parts(self, namespace: str, key: str) -> record_parts.Parts | None:
        """From what this store listed, read or wrote; asks only when it never saw the record."""
        if (namespace, key) not in self._in_parts:
            obj = await self._objects.get(self._ref(namespace, key))
            self._in_parts[namespace, key] = None if obj is None else stored.parts_of(obj["metadata"])
        return self._in_parts[namespace, key]

    def _ref(self, namespace: str, name: str) -> ObjectRef:
        return ObjectRef("v1", self.kind, namespace, name)

    def _stamp(self) -> str:
        return str(int(self._now().timestamp()))
