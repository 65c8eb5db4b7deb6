"""How one revision becomes Kubernetes objects and back: names, labels, annotations, payload, and parts when too large.

A record that does not fit one object is kept in parts, and the object that Helm reads (the head) then holds a record
that lists well but names a kind which exists nowhere: `helm upgrade`, `rollback` and `uninstall` refuse it instead of
working from half a manifest. The rule not to break: parts are written before the head that names them.
Source of names and labels: Helm v4, pkg/storage/driver/{secrets,cfgmaps}.go; docs/spec/records.md.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from fairway.domain.errors import Terminal
from fairway.domain.manifests.objects import Object
from fairway.domain.releases.record import decode, encode, pack, unpack
from fairway.domain.releases.revision import Revision, RevisionSummary, Status

OWNER = "helm"
PREFIX = "fairway.dev/"
PARTS = "fairway.dev/record-parts"
"""Annotation of a head: `<id> <number of parts> <sha256 of the joined parts>`."""
PART_OF = "fairway.dev/part-of"
PART_LABELS = {"owner": "fairway"}
RECORD_TYPE = "helm.sh/release.v1"
PART_TYPE = "fairway.dev/release-part.v1"
SYSTEM_LABELS = frozenset({"name", "owner", "status", "version", "createdAt", "modifiedAt"})
LARGEST = 1_040_000
"""Bytes of an object's data: Kubernetes allows 1 MiB (core/v1 MaxSecretSize), names and keys included."""

_STATUSES = {status.value: status for status in Status}


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the rest of a large record is."""

    id: str
    count: int
    digest: str

    def names(self, key: str) -> list[str]:
        return [f"{key}.{self.id}.{index}" for index in range(self.count)]

    def __str__(self) -> str:
        return f"{self.id} {self.count} {self.digest}"


def record_key(name: str, version: int) -> str:
    """The object's name, which Helm derives in the same way."""
    return f"sh.helm.release.v1.{name}.v{version}"


def labels_of(revision: Revision, **stamps: str) -> dict[str, str]:
    """Helm's labels over the release's own; `stamps` are createdAt or modifiedAt in Unix seconds."""
    return {
        **{key: value for key, value in revision.labels.items() if key not in SYSTEM_LABELS},
        **stamps,
        "name": revision.name,
        "owner": OWNER,
        "status": revision.status.value,
        "version": str(revision.version),
    }


def annotations_of(revision: Revision) -> dict[str, str]:
    return {f"{PREFIX}{key}": value for key, value in revision.notes_to_self.items()}


def own_notes(metadata: Mapping[str, Any]) -> dict[str, str]:
    annotations = metadata.get("annotations") or {}
    return {
        key.removeprefix(PREFIX): value for key, value in annotations.items() if key.startswith(PREFIX) and key != PARTS
    }


def parts_of(metadata: Mapping[str, Any]) -> Parts | None:
    """None for a record that is whole; raises `Terminal` for an annotation that somebody broke."""
    note = (metadata.get("annotations") or {}).get(PARTS)
    if not note:
        return None
    try:
        part_id, count, digest = note.split(" ")
        return Parts(part_id, int(count), digest)
    except ValueError as error:
        raise Terminal(f"the annotation {PARTS} of {metadata.get('name')} is not readable: {note[:80]}") from error


def summary_of(obj: Object) -> RevisionSummary | None:
    """None for an object that only looks like a record (labels of somebody else's)."""
    metadata = obj.get("metadata") or {}
    labels = metadata.get("labels") or {}
    version = labels.get("version", "")
    if not labels.get("name") or not version.isdecimal():
        return None
    created = _time(metadata.get("creationTimestamp"))
    modified = labels.get("modifiedAt", "")
    return RevisionSummary(
        name=labels["name"],
        namespace=metadata.get("namespace", ""),
        version=int(version),
        status=_STATUSES.get(labels.get("status", ""), Status.UNKNOWN),
        modified=datetime.fromtimestamp(int(modified), tz=UTC) if modified.isdecimal() else created,
        created=created,
        notes_to_self=own_notes(metadata),
        uid=metadata.get("uid", ""),
        resource_version=metadata.get("resourceVersion", ""),
        helm_readable=PARTS not in (metadata.get("annotations") or {}),
    )


def whole(revision: Revision) -> bytes | None:
    """The record as one object's payload; None when it does not fit."""
    payload = encode(revision)
    return payload if len(payload) <= LARGEST else None


def split(revision: Revision, part_id: str) -> tuple[Parts, list[bytes]]:
    """The record as raw slices, without what a change of status changes: such a change rewrites only the head."""
    raw = pack(_lasting(revision))
    slices = [raw[start : start + LARGEST] for start in range(0, len(raw), LARGEST)]
    return Parts(part_id, len(slices), hashlib.sha256(raw).hexdigest()), slices


def same_content(revision: Revision, parts: Parts) -> bool:
    return hashlib.sha256(pack(_lasting(revision))).hexdigest() == parts.digest


def head(revision: Revision, parts: Parts) -> bytes:
    """What Helm sees of a record in parts."""
    manifest = (
        "---\n# Source: fairway/too-large.yaml\n"
        f"# This revision is larger than one object can hold; Fairway keeps it in {parts.count} more.\n"
        "# Use `fairway` to change this release: helm would work from an incomplete manifest.\n"
        f"apiVersion: fairway.dev/v1\nkind: RecordInParts\nmetadata:\n  name: {revision.name}\n"
    )
    chart = {"metadata": revision.chart.get("metadata")}
    return encode(replace(revision, manifest=manifest, hooks=(), chart=chart, config={}, notes=""))


def joined(top: Revision, slices: list[bytes], parts: Parts) -> Revision:
    """The inverse of `head` and `split`; raises `Terminal` when parts are missing or damaged."""
    raw = b"".join(slices)
    if hashlib.sha256(raw).hexdigest() != parts.digest:
        raise Terminal(f"revision {top.version} of {top.name} is damaged: its parts do not match their checksum")
    rest = unpack(raw)
    return replace(
        top, manifest=rest.manifest, hooks=rest.hooks, chart=rest.chart, config=rest.config, notes=rest.notes
    )


def revision_of(payload: bytes, metadata: Mapping[str, Any]) -> Revision:
    """The payload of a record together with what its object carries: labels and notes."""
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k not in SYSTEM_LABELS}
    return replace(decode(payload), labels=labels, notes_to_self=own_notes(metadata))


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _lasting(revision: Revision) -> Revision:
    return replace(
        revision,
        status=Status.UNKNOWN,
        first_deployed=None,
        last_deployed=None,
        deleted=None,
        description="",
        apply_method="",
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
