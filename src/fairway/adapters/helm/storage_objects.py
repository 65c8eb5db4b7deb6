"""How one revision becomes Kubernetes objects and back: names, labels, annotations, payload.

The rule not to break: what `helm` and other tools find by (names, labels, type) is Helm's.
Source: Helm v4, pkg/storage/driver/{secrets,cfgmaps}.go; docs/spec/records.md.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fairway.adapters.helm.record_parts import LARGEST, Parts
from fairway.domain.manifests.objects import Object
from fairway.domain.releases.record import decode, encode
from fairway.domain.releases.revision import Revision, RevisionSummary, Status

OWNER = "helm"
PREFIX = "fairway.dev/"
PARTS = "fairway.dev/record-parts"
"""Label of a head, see `Parts`. Not an annotation: `helm` drops those when it writes a status, labels it keeps."""
PART_OF = "fairway.dev/part-of"
PART_LABELS = {"owner": "fairway"}
RECORD_TYPE = "helm.sh/release.v1"
PART_TYPE = "fairway.dev/release-part.v1"
SYSTEM_LABELS = frozenset({"name", "owner", "status", "version", "createdAt", "modifiedAt"})
"""Helm's own."""

_STATUSES = {status.value: status for status in Status}


def record_key(name: str, version: int) -> str:
    """The object's name, which Helm derives in the same way."""
    return f"sh.helm.release.v1.{name}.v{version}"


def labels_of(revision: Revision, **stamps: str) -> dict[str, str]:
    """Helm's labels over the release's own; `stamps` are createdAt or modifiedAt in Unix seconds."""
    return {
        **own_labels(revision.labels),
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
    return {key.removeprefix(PREFIX): value for key, value in annotations.items() if key.startswith(PREFIX)}


def parts_of(metadata: Mapping[str, Any]) -> Parts | None:
    """None for a record that is whole; raises `Terminal` for a label that somebody broke."""
    label = (metadata.get("labels") or {}).get(PARTS)
    return Parts.parse(label) if label else None


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
        status=status_of(labels.get("status", "")),
        modified=datetime.fromtimestamp(int(modified), tz=UTC) if modified.isdecimal() else created,
        created=created,
        notes_to_self=own_notes(metadata),
        uid=metadata.get("uid", ""),
        resource_version=metadata.get("resourceVersion", ""),
        helm_readable=PARTS not in labels,
    )


def whole(revision: Revision) -> bytes | None:
    """The record as one object's payload; None when it does not fit."""
    payload = encode(revision)
    return payload if len(payload) <= LARGEST else None


def revision_of(payload: bytes, metadata: Mapping[str, Any]) -> Revision:
    """The payload of a record together with what its object carries: labels and notes."""
    labels = own_labels(metadata.get("labels") or {})
    return replace(decode(payload), labels=labels, notes_to_self=own_notes(metadata))


def status_of(text: str) -> Status:
    """`unknown` for a state that Helm does not have."""
    return _STATUSES.get(text, Status.UNKNOWN)


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def own_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The release's own, without Helm's and without ours."""
    return {key: value for key, value in labels.items() if key not in SYSTEM_LABELS and key != PARTS}


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
