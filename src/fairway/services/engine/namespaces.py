"""The namespace of an environment: made when it is missing, as `helm install --create-namespace` does."""

from __future__ import annotations

from contextlib import suppress

from fairway.domain.kube_errors import AlreadyExists, Forbidden
from fairway.domain.manifests.objects import ObjectRef
from fairway.services.engine.ports import Kube
from fairway.services.engine.snapshot import Snapshot


async def ensure_namespace(kube: Kube, snapshot: Snapshot) -> bool:
    """Create the snapshot's namespace unless it is there; True when it was made.

    Asked only where no release is stored yet. Who may not look at namespaces is told by the first write instead.
    """
    if snapshot.release_names:
        return False
    ref = ObjectRef("v1", "Namespace", "", snapshot.namespace)
    with suppress(Forbidden, AlreadyExists):
        if await kube.get(ref) is None:
            await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": snapshot.namespace}}, ref)
            return True
    return False
