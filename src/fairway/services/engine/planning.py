"""From inputs and one look at the cluster to a planned release: its state, its one action, and the change to carry out.

Nothing is changed here. What is asked of the cluster is asked in bulk, through the snapshot; only the stored
revisions of releases that change are read one by one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.releases import notes
from fairway.domain.releases.notes import decode_inventory
from fairway.domain.releases.plan import ObjectChange
from fairway.domain.releases.plan_file import SavedContent
from fairway.domain.releases.revision import Revision, RevisionSummary, Status
from fairway.domain.releases.state import ACTIONS, Action, Observation, ReleaseState, classify
from fairway.domain.repository.models import CrdPolicy, DriftMode
from fairway.services.engine.applying import is_drifted
from fairway.services.engine.base import read_base, read_predecessors
from fairway.services.engine.building import build
from fairway.services.engine.change import Change, Operation
from fairway.services.engine.comparing import (
    all_as_applied,
    foreign_objects,
    object_changes,
    same_content,
    untouched_objects,
)
from fairway.services.engine.content import Content, restore
from fairway.services.engine.inputs import ReleaseInputs
from fairway.services.engine.recovering import abandoned
from fairway.services.engine.session import Session
from fairway.services.engine.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How to plan. A human insists (`retry_stalled`); `take_over` is for when a holder is known to be dead."""

    retry_stalled: bool = False
    take_over: bool = False
    force: bool = False
    """Plan an upgrade even where nothing changed."""
    source: str = ""
    """Which deployments repository this is; see `notes.SOURCE`."""
    even_suspended: bool = False
    """A human insists: as if nothing were suspended."""
    pinned: Mapping[str, SavedContent] = field(default_factory=dict)
    """Content by release name, from a saved plan: it is applied as it is, nothing is rendered."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one pass would do to one release; `change` is there when something is to be carried out."""

    name: str
    namespace: str
    state: ReleaseState
    action: Action
    change: Change | None = None
    objects: tuple[ObjectChange, ...] = ()
    drifted: tuple[ObjectRef, ...] = ()
    reason: str = ""
    latest: RevisionSummary | None = None
    inputs: ReleaseInputs | None = None
    previous: Revision | None = None
    recovered: tuple[RevisionSummary, ...] = field(default=())
    """Pending revisions whose writer is gone; carrying out marks them failed first."""


async def plan_release(session: Session, snapshot: Snapshot, inputs: ReleaseInputs, options: PlanOptions) -> Planned:
    """Decide what one declared release needs. Raises `Refused` when another writer holds it."""
    name = inputs.release.name
    latest = snapshot.latest(name)
    recovered = abandoned(session, latest, take_over=options.take_over)
    status = latest.status if latest else None
    stored = latest.notes_to_self.get(notes.INPUTS) if latest else None
    drifted: list[ObjectRef] = []
    if status is Status.DEPLOYED and stored == inputs.digest:
        drifted = await _drifted(snapshot, inputs, latest)
    state = classify(
        Observation(
            declared_digest=inputs.digest,
            status=status,
            stored_digest=stored,
            provable=inputs.provable,
            drifted=bool(drifted) and inputs.release.policy.drift is DriftMode.CORRECT,
            stalled=not options.retry_stalled
            and failed_attempts(latest, inputs.digest) > inputs.release.policy.retries,
        )
    )
    plan = Planned(
        name, inputs.environment.namespace, state, ACTIONS[state], latest=latest, inputs=inputs,
        drifted=tuple(drifted), recovered=recovered,
    )  # fmt: skip
    if state is ReleaseState.STALLED:
        tries = failed_attempts(latest, inputs.digest)
        return replace(plan, reason=f"these very inputs failed {tries} times; it waits for others")
    if state is ReleaseState.CURRENT and not options.force:
        return plan
    return await _with_change(session, snapshot, plan, inputs, options)


async def _drifted(snapshot: Snapshot, inputs: ReleaseInputs, latest: RevisionSummary | None) -> list[ObjectRef]:
    """Objects that are not as they were applied; nothing is asked when the policy ignores drift."""
    policy = inputs.release.policy
    if latest is None or policy.drift is DriftMode.IGNORE:
        return []
    items = decode_inventory(latest.notes_to_self)
    if not items:
        return []
    live = await snapshot.metadata(item.ref for item in items.values())
    return [item.ref for key, item in items.items() if is_drifted(policy, item, live.get(key))]


async def _with_change(
    session: Session, snapshot: Snapshot, plan: Planned, inputs: ReleaseInputs, options: PlanOptions
) -> Planned:
    """Add the change: build the wanted content, read the base, compare, and refuse what belongs to others."""
    version = (plan.latest.version if plan.latest else 0) + 1
    base = await read_base(session, snapshot, plan.name)
    if plan.state is ReleaseState.DRIFTED and base.deployed is not None:
        # What was applied is what is wanted: rendering again could give other generated names.
        content = base.contents[0]
    elif saved := options.pinned.get(plan.name):
        content = await restore(saved, session.renderer, snapshot.resources, plan.namespace)
    else:
        content = await build(
            inputs, session.renderer, snapshot.resources, revision=version, is_upgrade=base.deployed is not None
        )
    refs = {d.ref for c in (content, *base.contents) for d in c.documents}
    live = await snapshot.metadata(refs)
    foreign = foreign_objects(inputs, content, base, live, snapshot)
    if foreign:
        return replace(
            plan,
            state=ReleaseState.FOREIGN,
            action=ACTIONS[ReleaseState.FOREIGN],
            reason="; ".join(foreign),
        )
    correcting = plan.state is ReleaseState.DRIFTED
    untouched = untouched_objects(inputs, plan.latest, content, base, live, correcting=correcting)
    stored = plan.latest.notes_to_self.get(notes.INPUTS) if plan.latest else None
    same_inputs = stored == inputs.digest
    # A chart that looks into the cluster is rendered each time; drift may still be none of its business.
    leaves_drift = same_inputs and inputs.release.policy.drift is not DriftMode.CORRECT
    needless = (
        (leaves_drift or all_as_applied(plan.latest, content, untouched))
        and same_content(base, content)
        and (same_inputs or not _upgrades_crds(inputs, content))
    )
    if plan.state is ReleaseState.OUTDATED and not options.force and needless:
        return replace(plan, state=ReleaseState.CURRENT, action=Action.NOTHING, previous=base.deployed)
    change = Change(
        release=plan.name,
        namespace=plan.namespace,
        operation=Operation.UPGRADE if base.deployed is not None else Operation.INSTALL,
        version=version,
        content=content,
        live=live,
        timeout=inputs.release.timeout,
        policy=inputs.release.policy,
        wait=inputs.release.wait,
        base=base.contents,
        untouched=untouched,
        predecessors=await read_predecessors(session, snapshot, plan.name, base),
        expired=expired(snapshot.history(plan.name), inputs.release.policy.history),
        gates=inputs.release.gates,
        health=inputs.release.health,
        notes_to_self=self_notes(inputs, options.source),
        first_deployed=base.first_deployed,
    )
    return replace(plan, change=change, previous=base.deployed, objects=tuple(object_changes(change)))


def _upgrades_crds(inputs: ReleaseInputs, content: Content) -> bool:
    """CRDs are no part of the manifest: whether they changed is seen only by applying them."""
    return bool(content.crds) and inputs.release.policy.crds is CrdPolicy.UPGRADE


def expired(history: Sequence[RevisionSummary], limit: int) -> tuple[int, ...]:
    """Revisions to forget so that, with the new one, `limit` remain; the deployed one always stays. 0 keeps all."""
    if limit <= 0:
        return ()
    surplus = len(history) + 1 - limit
    candidates = [s.version for s in history if s.status is not Status.DEPLOYED]
    return tuple(candidates[: max(0, surplus)])


def failed_attempts(latest: RevisionSummary | None, digest: str) -> int:
    """How often these very inputs have failed in a row; 0 for inputs that never did."""
    if latest is None or latest.notes_to_self.get(notes.FAILED_INPUTS) != digest:
        return 0
    text = latest.notes_to_self.get(notes.ATTEMPTS, "0")
    return int(text) if text.isdigit() else 0


def self_notes(inputs: ReleaseInputs, source: str) -> dict[str, str]:
    """What is written on the new revision for the next run to see."""
    return {
        notes.INPUTS: inputs.digest,
        notes.PARTS: json.dumps(dict(inputs.parts), separators=(",", ":")),
        notes.ENVIRONMENT: inputs.environment.name,
        notes.SOURCE: source,
    }
