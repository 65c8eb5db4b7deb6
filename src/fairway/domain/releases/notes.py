"""What Fairway writes on a revision's storage object for itself: `Revision.notes_to_self`.

A metadata-only list of a namespace returns them all, so one request tells the inputs digest, the inventory and the
holder of every release. They are hints that can be lost without harm: `helm` drops them when it writes a revision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.manifests.objects import ObjectKey, ObjectRef

INPUTS = "inputs"
"""`sha256:…` over everything that the release was made from."""
PARTS = "input-digests"
"""JSON object: name of an input → short digest; what `fairway why` compares."""
INVENTORY = "inventory"
"""JSON list of [apiVersion, kind, namespace, name, fingerprint]."""
ENVIRONMENT = "environment"
SOURCE = "source"
"""Which deployments repository declares it; only its own releases are ever pruned."""
HOLDER = "holder"
"""Who writes a pending revision; see `Holder`."""
DEPLOYMENT = "deployment"
"""The ledger's id of the change."""
FAILED_INPUTS = "failed-inputs"
"""The inputs digest that failed last and was rolled back."""
ATTEMPTS = "attempts"
"""How often `FAILED_INPUTS` was tried."""
CHART = "chart"
"""`name-version`, so that the state of an environment is told without reading its records."""

INVENTORY_LIMIT = 200_000
"""Characters; Kubernetes allows 256 KiB for all annotations of an object together."""


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """An object of a release and the fingerprint of the fields that we own in it.

    The fingerprint is empty for an object that may go by itself, such as a Job with a time to live.
    """

    ref: ObjectRef
    fingerprint: str

    @property
    def goes_by_itself(self) -> bool:
        return not self.fingerprint


def encode_inventory(items: Iterable[InventoryItem]) -> str | None:
    """None when it would not fit an annotation: the record's manifest then has to be read instead."""
    rows = [[i.ref.api_version, i.ref.kind, i.ref.namespace, i.ref.name, i.fingerprint] for i in items]
    text = json.dumps(rows, separators=(",", ":"))
    return text if len(text) <= INVENTORY_LIMIT else None


def decode_inventory(notes: Mapping[str, str]) -> dict[ObjectKey, InventoryItem] | None:
    """None when there is no readable inventory."""
    text = notes.get(INVENTORY)
    if not text:
        return None
    try:
        rows = json.loads(text)
        items = [InventoryItem(ObjectRef(a, k, ns, n), str(f)) for a, k, ns, n, f in rows]
    except (ValueError, TypeError):
        return None
    return {item.ref.key: item for item in items}


def decode_parts(notes: Mapping[str, str]) -> dict[str, str]:
    """The digests of the inputs of the last apply; empty when another tool wrote the revision."""
    try:
        parts = json.loads(notes.get(PARTS, "{}"))
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in parts.items()} if isinstance(parts, dict) else {}


def digest_of(value: Any) -> str:
    """Short stable digest of any JSON value: 16 hex digits of sha256 over sorted, compact JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def inputs_digest(parts: Mapping[str, str]) -> str:
    """One digest over the digests of all inputs."""
    text = json.dumps(dict(sorted(parts.items())), separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
