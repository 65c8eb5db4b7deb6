"""Revisions as Secrets of type helm.sh/release.v1: Helm's default."""

from __future__ import annotations

import base64
from typing import Any

from fairway.adapters.helm.kube_store import KubeRevisionStore
from fairway.adapters.helm.storage_objects import PART_TYPE, RECORD_TYPE, to_base64
from fairway.domain.manifests.objects import Object


class SecretRevisionStore(KubeRevisionStore):
    kind = "Secret"
    plural = "secrets"

    def _wrap(self, metadata: dict[str, Any], payload: bytes) -> Object:
        return _secret(metadata, RECORD_TYPE, payload)

    def _wrap_part(self, metadata: dict[str, Any], data: bytes) -> Object:
        return _secret(metadata, PART_TYPE, data)

    def _payload(self, obj: Object) -> bytes:
        return base64.b64decode((obj.get("data") or {}).get("release", ""))

    def _part_payload(self, obj: Object) -> bytes:
        return self._payload(obj)


def _secret(metadata: dict[str, Any], secret_type: str, payload: bytes) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": secret_type,
        "data": {"release": to_base64(payload)},
    }
