"""Putting objects into the cluster and taking them out: server-side apply in Helm's order, pruning, replacement."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from fairway.domain.errors import Terminal
from fairway.domain.kube_errors import Cause, Conflict, InvalidObject, UnknownKind
from fairway.domain.manifests.displaced import displaced_patch, displacing
from fairway.domain.manifests.field_sets import FieldPath, fingerprint
from fairway.domain.manifests.managed_fields import applied_by, pointers_for, still_ours, without_paths, yields
from fairway.domain.manifests.objects import Kind, Object, ObjectKey, ObjectRef
from fairway.domain.manifests.order import uninstall_key
from fairway.domain.manifests.ownership import is_kept, owned, owner_of
from fairway.domain.manifests.takeover import needs_takeover, takeover_patch
from fairway.domain.releases.notes import InventoryItem
from fairway.domain.repository.models import ImmutablePolicy, Policy
from fairway.services.engine.content import Document, locate
from fairway.services.engine.ports import Kube
from fairway.services.engine.session import Session

GONE_TIMEOUT = timedelta(minutes=2)
NEW_KIND_RETRIES = 20
NEW_KIND_PAUSE = 0.25
TAKEOVER_ATTEMPTS = 10
JOB = Kind("batch", "Job")
HOLDS_OTHERS = frozenset(
    {
        Kind("", "Namespace"),
        Kind("", "PersistentVolume"),
        Kind("", "PersistentVolumeClaim"),
        Kind("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)
IMMUTABLE_WORDS = ("immutable", "may not change", "updates to statefulset spec", "updates to parameters are forbidden")


@dataclass(frozen=True, slots=True)
class Owner:
    """The release that objects are applied for."""

    release: str
    namespace: str
    policy: Policy


async def apply_documents(
    session: Session, owner: Owner, documents: Sequence[Document], live: Mapping[ObjectKey, Object]
) -> list[tuple[ObjectRef, Object]]:
    """Apply documents in their given (Helm's install) order, neighbours of one kind concurrently.

    `live` is the metadata of what exists. Returns each object as stored. Raises what the API server refused,
    immutable fields named one by one.
    """
    applied: list[tuple[ObjectRef, Object]] = []
    for _, group in groupby(documents, key=lambda d: d.ref.kind):
        results = await asyncio.gather(*(apply_one(session, owner, d, live.get(d.ref.key)) for d in group))
        applied.extend(results)
    return applied


async def apply_one(
    session: Session, owner: Owner, document: Document, live: Object | None
) -> tuple[ObjectRef, Object]:
    """Apply one document; moves client-side field ownership first, and leaves alone what others manage."""
    ref = document.ref
    if live is not None and needs_takeover(live):
        await take_over(session.kube, ref)
    if live is not None and live["metadata"].get("deletionTimestamp"):
        # An object that is on its way out takes a change with it: it has to be gone first.
        await session.waiter.until_gone([ref], timeout=GONE_TIMEOUT)
        live = None
    desired = to_apply(owner, document, live)
    for attempt in range(NEW_KIND_RETRIES):
        try:
            return ref, await session.kube.apply(desired, ref)
        except UnknownKind as error:
            # A CRD of this very run may not be served yet; discovery is asked again, for a while.
            if attempt == NEW_KIND_RETRIES - 1:
                raise unknown_kind(ref) from error
            await asyncio.sleep(NEW_KIND_PAUSE)
            ref = locate(document.object, await session.kube.discover(fresh=True), owner.namespace)
            desired = to_apply(owner, replace(document, ref=ref), live)
        except InvalidObject as error:
            fields = immutable_fields(error)
            if not fields and attempt == 0 and await displace(session, ref, desired):
                continue
            if not fields:
                raise
            if not replaces(owner.policy, ref):
                raise Terminal(
                    f"{ref}: {', '.join(fields)} can't be changed in place", fix=f"change it back; {way_out(ref)}"
                ) from error
            await session.kube.delete(ref)
            await session.waiter.until_gone([ref], timeout=GONE_TIMEOUT)
    raise unknown_kind(ref)


def to_apply(owner: Owner, document: Document, live: Object | None) -> Object:
    """The object as it is sent: with Helm's ownership marks, without the fields that others rightly manage."""
    desired = owned(document.object, release=owner.release, namespace=owner.namespace)
    if document.ref.namespace:
        desired["metadata"]["namespace"] = document.ref.namespace
    paths = excused(owner.policy, document.ref, live) if live is not None else ()
    return without_paths(desired, paths) if paths else desired


def excused(policy: Policy, ref: ObjectRef, live: Object) -> tuple[FieldPath, ...]:
    """Fields of a live object that others rightly manage: an autoscaler's replicas, and what the policy ignores."""
    return yields(live, pointers=pointers_for(policy.drift_ignore, ref))


def is_drifted(policy: Policy, item: InventoryItem, live: Object | None) -> bool:
    """Whether an object is no longer as it was applied, judged by metadata alone.

    Whoever changes one of our fields takes its ownership from us, so our field set no longer has its fingerprint.
    """
    if item.goes_by_itself:
        return False
    if live is None:
        return True
    fields = applied_by(live)
    return fields is None or not still_ours(item.fingerprint, fields, excused(policy, item.ref, live))


async def take_over(kube: Kube, ref: ObjectRef, manager: str = "helm") -> None:
    """Move the fields of client-side managers to `manager`, so that fields which leave the manifest really go.

    Controllers write to the same object, hence the retries: the patch fits only what was read.
    """
    for attempt in range(TAKEOVER_ATTEMPTS):
        whole = await kube.get(ref)
        if whole is None or not needs_takeover(whole, manager):
            return
        patch = takeover_patch(whole, manager)
        try:
            await kube.patch(ref, patch, content_type="application/json-patch+json", manager=manager)
            return
        except Conflict:
            if attempt == TAKEOVER_ATTEMPTS - 1:
                raise


async def displace(session: Session, ref: ObjectRef, desired: Object) -> bool:
    """Make ours what people put in the place of our list items, so that the next apply takes it away; False when
    nobody did."""
    live = await session.kube.get(ref)
    paths = displacing(desired, live) if live is not None else ()
    if live is None or not paths:
        return False
    with suppress(Conflict):
        await session.kube.patch(ref, displaced_patch(live, paths), content_type="application/json-patch+json")
    return True


def immutable_fields(error: InvalidObject) -> list[str]:
    """The fields that Kubernetes refuses to change in place; empty when the object is wrong in another way."""
    causes = error.causes or (Cause(error.reason, error.message, ""),)
    hits = [c for c in causes if any(word in c.message.lower() for word in IMMUTABLE_WORDS)]
    return [c.field or "spec" for c in hits] if len(hits) == len(causes) else []


def replaces(policy: Policy, ref: ObjectRef) -> bool:
    """Whether the policy lets us delete and create an object; never one whose deletion takes other things with it."""
    return policy.immutable is ImmutablePolicy.REPLACE and ref.key.kind not in HOLDS_OTHERS


def way_out(ref: ObjectRef) -> str:
    """What to do instead of changing an immutable field in place, for people."""
    if ref.key.kind in HOLDS_OTHERS:
        return "Fairway does not replace what holds data or other objects: delete it by hand if that is right"
    return "policy: {immutable: replace} would delete it and create it anew"


def unknown_kind(ref: ObjectRef) -> Terminal:
    return Terminal(
        f"this cluster has no kind {ref.kind} in {ref.api_version}",
        fix="install its CRD first, for example by a release that this one needs: needs: [name]",
    )


def inventory(applied: Iterable[tuple[ObjectRef, Object]]) -> Iterator[InventoryItem]:
    """What we own in each object now, for the bulk look of the next run."""
    for ref, obj in applied:
        # A Job with a time to live goes once it has ended: that is no drift, and to make it anew would run it again.
        passing = ref.key.kind == JOB and (obj.get("spec") or {}).get("ttlSecondsAfterFinished") is not None
        fields = None if passing else applied_by(obj)
        yield InventoryItem(ref, fingerprint(fields) if fields is not None else "")


def removable(
    owner: Owner, candidates: Iterable[Document], live: Mapping[ObjectKey, Object]
) -> tuple[list[ObjectRef], list[ObjectRef]]:
    """(to delete, to keep) among objects that left the manifest; what is gone or somebody else's is in neither."""
    delete: list[ObjectRef] = []
    keep: list[ObjectRef] = []
    for document in candidates:
        found = live.get(document.ref.key)
        if found is None or owner_of(found) != (owner.namespace, owner.release):
            continue
        (keep if is_kept(found) or is_kept(document.object) else delete).append(document.ref)
    return delete, keep


async def delete_refs(session: Session, refs: Sequence[ObjectRef]) -> list[ObjectRef]:
    """Delete in Helm's uninstall order, neighbours of one kind concurrently; returns what was there."""
    ordered = sorted(refs, key=lambda r: uninstall_key(r.kind))
    deleted: list[ObjectRef] = []
    for _, group in groupby(ordered, key=lambda r: r.kind):
        batch = list(group)
        results = await asyncio.gather(*(session.kube.delete(ref) for ref in batch))
        deleted.extend(ref for ref, was_there in zip(batch, results, strict=True) if was_there)
    return deleted
