"""Records that do not fit one object: cut into parts, and a head in their place that Helm can read but not work from.

The head lists well, but its manifest names a kind which exists nowhere, so `helm upgrade`, `rollback` and `uninstall`
refuse it instead of deleting or forgetting objects by half a manifest. The rule not to break: parts are written before
the head that names them, and removed after the head that no longer does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from fairway.domain.errors import Terminal
from fairway.domain.releases.record import encode, pack, unpack
from fairway.domain.releases.revision import Revision, Status

LARGEST = 1_040_000
"""Bytes of an object's data: Kubernetes allows 1 MiB (core/v1 MaxSecretSize, also for ConfigMaps)."""

_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the rest of a large record is; as a label value `<id>.<count>.<half of the sha256 of the joined parts>`."""

    id: str
    count: int
    digest: str

    def names(self, key: str) -> list[str]:
        return [f"{key}.{self.id}.{index}" for index in range(self.count)]

    def __str__(self) -> str:
        return f"{self.id}.{self.count}.{self.digest}"

    @classmethod
    def parse(cls, label: str) -> Parts:
        try:
            part_id, count, digest = label.split(".")
            return cls(part_id, int(count), digest)
        except ValueError as error:
            raise Terminal(f"a stored revision has an unreadable label about its parts: {label}") from error


def split(revision: Revision, part_id: str) -> tuple[Parts, list[bytes]]:
    """The record as raw slices, without what a change of status changes: such a change rewrites only the head.

    `part_id` must be fresh: two writers of one revision must not write, or clean away, each other's parts.
    """
    raw = pack(_lasting(revision))
    slices = [raw[start : start + LARGEST] for start in range(0, len(raw), LARGEST)]
    return Parts(part_id.lower()[:16], len(slices), _digest(raw)), slices


def same_content(revision: Revision, parts: Parts) -> bool:
    return _digest(pack(_lasting(revision))) == parts.digest


def head(revision: Revision, parts: Parts) -> bytes:
    """What Helm sees of a record in parts: name, status, times, the chart's name and version."""
    manifest = (
        "---\n# Source: fairway/too-large.yaml\n"
        f"# This revision is larger than one object can hold; Fairway keeps it in {parts.count} more.\n"
        "# Use `fairway` to change this release: helm would work from an incomplete manifest.\n"
        f"apiVersion: fairway.dev/v1\nkind: RecordInParts\nmetadata:\n  name: {revision.name}\n"
    )
    chart = {"metadata": revision.chart.get("metadata")}
    return encode(replace(revision, manifest=manifest, hooks=(), chart=chart, config={}, notes=""))


def joined(top: Revision, slices: list[bytes], parts: Parts) -> Revision:
    """The inverse of `head` and `split`; raises `Terminal` when parts are damaged."""
    raw = b"".join(slices)
    if _digest(raw) != parts.digest:
        raise Terminal(f"revision {top.version} of {top.name} is damaged: its parts do not match their checksum")
    rest = unpack(raw)
    return replace(
        top,
        manifest=rest.manifest,
        hooks=rest.hooks,
        chart=rest.chart,
        config=rest.config,
        notes=rest.notes,
        helm_readable=False,
    )


def _lasting(revision: Revision) -> Revision:
    return replace(
        revision,
        status=Status.UNKNOWN,
        first_deployed=None,
        last_deployed=None,
        deleted=None,
        description="",
        apply_method="",
        rollback_revision=0,
    )


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:_DIGEST]
