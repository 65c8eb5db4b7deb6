"""What somebody does to the cluster by hand, behind Git's back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fairway.adapters.kube import open_cluster
from fairway.domain.manifests.objects import ObjectRef

PERSON = "kubectl-set"
"""Who changed a field is told by the field manager; this is what `kubectl set image` writes as."""


def meddle(kubeconfig: Path, namespace: str) -> None:
    """Give the catalog another image and delete the mailer's Service."""
    asyncio.run(_meddle(kubeconfig, namespace))


async def _meddle(kubeconfig: Path, namespace: str) -> None:
    image = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "shop/catalog:hotfix"}]}}}}
    async with open_cluster(str(kubeconfig)) as kube:
        await kube.patch(
            ObjectRef("apps/v1", "Deployment", namespace, "catalog"),
            image,
            content_type="application/strategic-merge-patch+json",
            manager=PERSON,
        )
        await kube.delete(ObjectRef("v1", "Service", namespace, "mailer"))
