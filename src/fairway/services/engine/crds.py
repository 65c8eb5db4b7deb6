"""CRDs from a chart's `crds/` folder: before everything else, by policy, and never deleted.

Helm creates them on install and never touches them again; `policy.crds: upgrade` also applies changed ones.
"""

from __future__ import annotations

import asyncio

from fairway.domain.manifests.api import ApiResource
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.domain.repository.models import CrdPolicy
from fairway.services.engine.change import Change, Operation
from fairway.services.engine.session import Session
from fairway.services.engine.snapshot import Snapshot

CRD_API = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


async def ensure_crds(session: Session, snapshot: Snapshot, change: Change) -> bool:
    """Apply what the policy asks for and wait until it is served; True when the API set may have changed."""
    policy = change.policy.crds
    if not change.content.crds or policy is CrdPolicy.SKIP:
        return False
    if change.operation is not Operation.INSTALL and policy is not CrdPolicy.UPGRADE:
        return False
    crds: list[tuple[ObjectRef, Object]] = []
    for file in change.content.crds:
        crds.extend((ref_of(obj), obj) for _, obj in await session.renderer.parse(file.text))
    objects = crds
    if policy is CrdPolicy.CREATE:
        there = await _existing(session, snapshot)
        objects = [(ref, obj) for ref, obj in crds if ref.name not in there]
        if not objects and not _all_served(snapshot, crds):
            # Somebody else made them while this run was under way.
            await snapshot.rediscover()
            return True
    if not objects:
        return False
    applied = await asyncio.gather(*(session.kube.apply(obj, ref) for ref, obj in objects))
    stored = [(ref, obj) for (ref, _), obj in zip(objects, applied, strict=True)]
    await session.waiter.until_healthy(stored, timeout=change.timeout, on_progress=lambda _: None)
    await snapshot.rediscover()
    return True


def _all_served(snapshot: Snapshot, crds: list[tuple[ObjectRef, Object]]) -> bool:
    for _, crd in crds:
        spec = crd.get("spec") or {}
        kind = (spec.get("names") or {}).get("kind", "")
        for version in spec.get("versions") or ():
            served = (f"{spec.get('group')}/{version.get('name')}", kind)
            if version.get("served", True) and served not in snapshot.resources.by_ref:
                return False
    return True


async def _existing(session: Session, snapshot: Snapshot) -> set[str]:
    resource: ApiResource | None = snapshot.resources.by_ref.get(CRD_API)
    if resource is None:
        return set()
    return {str(item["metadata"]["name"]) for item in await session.kube.list_metadata(resource, None)}
