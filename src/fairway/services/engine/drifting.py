"""Drift: candidates from metadata, in bulk; each confirmed, and described, by one server-side dry run.

The answer is a plan: what an apply with `drift: correct` would put back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from fairway.domain.errors import FairwayError
from fairway.domain.kube_errors import InvalidObject
from fairway.domain.manifests.diff import differences, masked_keys
from fairway.domain.manifests.objects import ObjectKey
from fairway.domain.manifests.restarts import restarts
from fairway.domain.releases.notes import decode_inventory
from fairway.domain.releases.plan import EnvironmentPlan, ObjectAction, ObjectChange, ReleasePlan
from fairway.domain.releases.revision import Revision, RevisionSummary
from fairway.domain.releases.state import Action, ReleaseState
from fairway.domain.repository.models import DriftMode, Release
from fairway.services.engine.applying import Owner, is_drifted, to_apply
from fairway.services.engine.content import Document, content_of, source_of
from fairway.services.engine.opened import OpenEnvironment
from fairway.services.engine.plans import left_alone
from fairway.services.engine.previewing import changed_by
from fairway.services.engine.snapshot import Snapshot


async def find_drift(opened: OpenEnvironment, *, only: Iterable[str] = ()) -> EnvironmentPlan:
    """All drift of an environment's declared releases, in declared order; `drift: ignore` is left out."""
    chosen = set(only)
    environment = opened.environment
    snapshot = await opened.look()
    releases = [
        r for r in environment.releases if (not chosen or r.name in chosen) and r.policy.drift is not DriftMode.IGNORE
    ]
    plans = await asyncio.gather(*(_of_release(opened, snapshot, r) for r in releases))
    return EnvironmentPlan(
        environment.name, environment.cluster.name, environment.namespace, opened.session.kube.address, tuple(plans)
    )


async def _of_release(opened: OpenEnvironment, snapshot: Snapshot, release: Release) -> ReleasePlan:
    if found := snapshot.suspension(release.name):
        return left_alone(opened.environment, release.name, snapshot, found)
    summary = snapshot.deployed(release.name)
    items = decode_inventory(summary.notes_to_self) if summary else None
    objects: tuple[ObjectChange, ...] = ()
    if summary is not None and items:
        live = await snapshot.metadata(item.ref for item in items.values())
        suspects = {key for key, item in items.items() if is_drifted(release.policy, item, live.get(key))}
        if suspects:
            objects = await _confirmed(opened, snapshot, release, summary, suspects)
    return ReleasePlan(
        environment=opened.environment.name,
        release=release.name,
        namespace=opened.environment.namespace,
        state=ReleaseState.DRIFTED if objects else ReleaseState.CURRENT,
        action=Action.CORRECT if objects else Action.NOTHING,
        objects=objects,
        from_revision=summary.version if summary else 0,
    )


async def _confirmed(
    opened: OpenEnvironment,
    snapshot: Snapshot,
    release: Release,
    summary: RevisionSummary,
    suspects: Collection[ObjectKey],
) -> tuple[ObjectChange, ...]:
    revision = await opened.session.store.read(summary.namespace, summary.name, summary.version)
    if revision is None:
        return ()
    await _learn_secrets(opened, snapshot, release, revision)
    content = await content_of(revision, opened.session.renderer, snapshot.resources)
    changes = [await _compare(opened, release, d) for d in content.documents if d.ref.key in suspects]
    return tuple(change for change in changes if change is not None)


async def _learn_secrets(opened: OpenEnvironment, snapshot: Snapshot, release: Release, revision: Revision) -> None:
    """Know the secrets of the stored values; when the sources cannot be read now, all of them may be secret."""
    try:
        await opened.gather(release, snapshot.capabilities)
    except FairwayError:
        opened.secrets.add_values(revision.config, {()})
    else:
        opened.secrets.add_earlier_values(revision.config)


async def _compare(opened: OpenEnvironment, release: Release, document: Document) -> ObjectChange | None:
    kube = opened.session.kube
    source = source_of(document.text)
    live = await kube.get(document.ref)
    if live is None:
        return ObjectChange(document.ref, ObjectAction.CREATE, source=source, reason="was deleted")
    owner = Owner(release.name, opened.environment.namespace, release.policy)
    try:
        wanted = await kube.apply(to_apply(owner, document, live), document.ref, dry_run=True)
    except InvalidObject as error:
        # What somebody added is in the way of ours, so nothing tells field by field what putting it right comes to.
        why = changed_by(live) or error.message
        return ObjectChange(document.ref, ObjectAction.UPDATE, source=source, reason=why)
    fields = differences(live, wanted, secrets=opened.secrets)
    if not fields:
        return None
    return ObjectChange(
        document.ref,
        ObjectAction.UPDATE,
        fields,
        source=source,
        masked_keys=masked_keys(fields),
        restarts=restarts(live, wanted),
        reason=changed_by(live),
    )
