"""Revisions as ConfigMaps: Helm's HELM_DRIVER=configmap."""

from __future__ import annotations

import base64
from typing import Any

from fairway.adapters.helm.kube_store import KubeRevisionStore
from fairway.adapters.helm.storage_objects import to_base64
from fairway.domain.manifests.objects import Object


class ConfigMapRevisionStore(KubeRevisionStore):
    kind = "ConfigMap"
    plural = "configmaps"

    def _wrap(self, metadata: dict[str, Any], payload: bytes) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "data": {"release": payload.decode("ascii")},
        }

    def _wrap_part(self, metadata: dict[str, Any], data: bytes) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "binaryData": {"release": to_base64(data)},
        }

    def _payload(self, obj: Object) -> bytes:
        return str((obj.get("data") or {}).get("release", "")).encode()

    def _part_payload(self, obj: Object) -> bytes:
        return base64.b64decode((obj.get("binaryData") or {}).get("release", ""))
