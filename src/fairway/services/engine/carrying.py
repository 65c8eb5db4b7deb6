"""One planned release, carried out: the one file that maps each action to what does it.

A pass is bounded: recover and then upgrade, upgrade and on failure one rollback; never the same action twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from fairway.domain.errors import FairwayError, Refused
from fairway.domain.manifests.objects import Kind, ObjectRef
from fairway.domain.progress import Outcome
from fairway.domain.releases import notes
from fairway.domain.releases.blast_radius import Deletion
from fairway.domain.releases.notes import InventoryItem, decode_inventory, encode_inventory
from fairway.domain.releases.plan import ObjectAction
from fairway.domain.releases.revision import Revision, Status
from fairway.domain.releases.state import Action, ReleaseState
from fairway.domain.repository.models import FailurePolicy
from fairway.services.engine.applying import Owner, apply_documents, inventory
from fairway.services.engine.change import Change, ChangeFailed, Operation
from fairway.services.engine.crds import ensure_crds
from fairway.services.engine.deploying import deploy
from fairway.services.engine.inputs import refreshed
from fairway.services.engine.planning import Planned, PlanOptions, failed_attempts, plan_release, self_notes
from fairway.services.engine.recovering import close_abandoned
from fairway.services.engine.retrying import passes
from fairway.services.engine.rolling_back import roll_back
from fairway.services.engine.session import Session, Unhealthy
from fairway.services.engine.snapshot import Snapshot

OnPhase = Callable[[str, str], None]
CRD = Kind("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True)
class Result:
    """How one release ended. `reasons` are lines for people, most important first."""

    outcome: Outcome
    revision: int = 0
    reasons: tuple[str, ...] = ()
    kept_revision: int = 0
    rollback_elapsed: float | None = None
    changed: tuple[ObjectRef, ...] = ()
    deleted: tuple[ObjectRef, ...] = ()
    error: FairwayError | None = None


async def carry_out(
    session: Session,
    snapshot: Snapshot,
    plan: Planned,
    options: PlanOptions,
    on_phase: OnPhase,
    *,
    allow_deletions: bool,
) -> Result:
    """Carry out a plan. Never raises what belongs to this one release: that is in the result.

    What fails for a reason that passes is planned and tried again, `policy.retries` times and at least once, before
    it counts as failed. Cancellation passes through after the record is consistent.
    """
    if plan.state is ReleaseState.STALLED:
        fix = f"change its inputs, or insist: fairway apply -r {plan.name}"
        return Result(Outcome.REFUSED, plan.latest.version if plan.latest else 0, (plan.reason, fix))
    if plan.action is Action.REFUSE:
        return Result(Outcome.REFUSED, reasons=(plan.reason,))
    assert plan.inputs is not None
    inputs = plan.inputs

    async def attempt(number: int, is_last: bool) -> Result:
        if number == 0:
            return await _once(session, snapshot, plan, options, on_phase, allow_deletions, is_last)
        look = await snapshot.anew()
        again = await plan_release(session, look, inputs, replace(options, retry_stalled=True))
        if again.action is Action.REFUSE:
            return Result(Outcome.REFUSED, reasons=(again.reason,))
        if again.change is not None and plan.change is not None:
            again = replace(again, change=_same_deployment(plan.change, again.change))
        result = await _once(session, look, again, options, on_phase, allow_deletions, is_last)
        snapshot.resources = look.resources
        if result.outcome is Outcome.UNCHANGED and plan.change is not None:
            # It had gone through; only the answer was lost.
            return replace(result, outcome=_done(plan.change))
        return result

    try:
        return await session.backoff.persist(
            attempt, retries=max(1, inputs.release.policy.retries), say=lambda text: on_phase("retrying", text)
        )
    except ChangeFailed as error:
        return Result(Outcome.FAILED, reasons=(error.message, *error.lines), error=error)
    except FairwayError as error:
        outcome = Outcome.REFUSED if error.exit_code == Refused.exit_code else Outcome.FAILED
        lines = error.lines if isinstance(error, Unhealthy) else ()
        return Result(outcome, reasons=(error.message, *lines, *((error.fix,) if error.fix else ())), error=error)


async def _once(
    session: Session,
    snapshot: Snapshot,
    plan: Planned,
    options: PlanOptions,
    on_phase: OnPhase,
    allow_deletions: bool,
    is_last: bool,
) -> Result:
    assert plan.inputs is not None
    if plan.change is None:
        await _keep_house(session, snapshot, plan, options.source)
        return Result(Outcome.UNCHANGED, plan.latest.version if plan.latest else 0)
    _check_deletions(plan, allow_deletions)
    if plan.action is Action.CORRECT:
        return await _correct(session, plan, plan.change, on_phase)
    await close_abandoned(session, plan.recovered)
    change = plan.change
    if await ensure_crds(session, snapshot, change):
        on_phase("crds", "")
        inputs = refreshed(plan.inputs, snapshot.capabilities)
        again = await plan_release(session, snapshot, inputs, replace(options, force=True, take_over=True))
        if again.change is None:
            return Result(Outcome.REFUSED, reasons=(again.reason,))
        change = _same_deployment(change, again.change)
        plan = replace(plan, inputs=inputs)
    result = await _deploy(session, plan, change, on_phase, is_last=is_last)
    if any(ref.key.kind == CRD for ref in result.changed):
        # Those who need this release render for a cluster that knows the new kinds.
        await snapshot.rediscover()
    return result


def _same_deployment(before: Change, after: Change) -> Change:
    """A change that was planned again is still the same entry of the ledger."""
    known = {k: v for k, v in before.notes_to_self.items() if k == notes.DEPLOYMENT}
    return replace(after, notes_to_self={**after.notes_to_self, **known})


def _done(change: Change) -> Outcome:
    return Outcome.INSTALLED if change.operation is Operation.INSTALL else Outcome.UPGRADED


def _check_deletions(plan: Planned, allowed: bool) -> None:
    assert plan.inputs is not None
    policy = plan.inputs.release.policy
    gone = sum(1 for o in plan.objects if o.action is ObjectAction.DELETE)
    before = sum(1 for o in plan.objects if o.action not in (ObjectAction.CREATE, ObjectAction.KEEP))
    deletion = Deletion("objects", gone, before, policy.prune_max_objects)
    if deletion.exceeds and not allowed:
        raise Refused(
            f"{plan.name}: {deletion}", fix="look at fairway plan; if that is right: fairway apply --allow-deletions"
        )


async def _keep_house(session: Session, snapshot: Snapshot, plan: Planned, source: str) -> None:
    """What is wrong in the records of a release that is as it should be.

    A writer that died after its last revision was stored may have left an older one that is called deployed. Inputs
    that changed without changing what comes of them are noted, so that they are not rendered again each time; and so
    is who declares the release now, because only he will remove it one day.
    """
    assert plan.inputs is not None
    if plan.latest is not None and source:
        wanted = self_notes(plan.inputs, source)
        stale = any(
            plan.latest.notes_to_self.get(k) != wanted[k] for k in (notes.INPUTS, notes.ENVIRONMENT, notes.SOURCE)
        )
        latest = plan.latest if stale else None
        stored = await session.store.read(latest.namespace, latest.name, latest.version) if latest else None
        if stored is not None and stored.status is Status.DEPLOYED:
            await session.store.update(replace(stored, notes_to_self={**stored.notes_to_self, **wanted}))
    for summary in snapshot.history(plan.name):
        if summary.status is Status.DEPLOYED and plan.latest is not None and summary.version < plan.latest.version:
            stray = await session.store.read(summary.namespace, summary.name, summary.version)
            if stray is not None:
                await session.store.update(replace(stray, status=Status.SUPERSEDED))


async def _correct(session: Session, plan: Planned, change: Change, on_phase: OnPhase) -> Result:
    """Apply again what was changed in the cluster; the revision stays, only its inventory is renewed when needed."""
    on_phase("applying", "")
    wanted = [d for d in change.content.documents if d.ref.key not in change.untouched]
    owner = Owner(change.release, change.namespace, change.policy)
    applied = await apply_documents(session, owner, wanted, change.live)
    if change.wait:
        await session.waiter.until_healthy(
            applied,
            timeout=change.timeout,
            on_progress=lambda text: on_phase("waiting", text),
            rules=change.health,
        )
    assert plan.previous is not None
    await _renew_inventory(session, plan.previous, list(inventory(applied)))
    before = {key: obj["metadata"].get("resourceVersion") for key, obj in change.live.items()}
    changed = tuple(ref for ref, obj in applied if obj["metadata"].get("resourceVersion") != before.get(ref.key))
    outcome = Outcome.CORRECTED if changed else Outcome.UNCHANGED
    return Result(outcome, plan.previous.version, changed=changed)


async def _renew_inventory(session: Session, revision: Revision, items: list[InventoryItem]) -> None:
    known = decode_inventory(revision.notes_to_self) or {}
    fresh = {**known, **{item.ref.key: item for item in items}}
    text = encode_inventory(fresh.values())
    if fresh != known and text is not None:
        await session.store.update(replace(revision, notes_to_self={**revision.notes_to_self, notes.INVENTORY: text}))


async def _deploy(session: Session, plan: Planned, change: Change, on_phase: OnPhase, *, is_last: bool) -> Result:
    assert plan.inputs is not None
    # An unfinished try counted itself in advance; it was cut short, not refuted.
    attempts = max(0, failed_attempts(plan.latest, plan.inputs.digest) - len(plan.recovered))
    # Written before it is known how it ends: a failed revision must carry the count, a good one drops it.
    trying = {**change.notes_to_self, notes.FAILED_INPUTS: plan.inputs.digest, notes.ATTEMPTS: str(attempts + 1)}
    try:
        deployed = await deploy(session, replace(change, notes_to_self=trying), on_phase)
    except ChangeFailed as error:
        if passes(error) and not is_last:
            raise
        return await _after_failure(session, plan, error, trying, on_phase)
    changed = tuple(d.ref for d in change.content.documents if d.ref.key not in change.untouched)
    return Result(_done(change), deployed.revision.version, changed=changed, deleted=deployed.deleted)


async def _after_failure(
    session: Session, plan: Planned, error: ChangeFailed, trying: dict[str, str], on_phase: OnPhase
) -> Result:
    """Go back to what ran before, when the policy says so and there was something."""
    assert plan.inputs is not None
    release = plan.inputs.release
    reasons = (error.message, *error.lines, *((error.fix,) if error.fix else ()))
    previous = plan.previous
    if release.policy.on_failure is not FailurePolicy.ROLLBACK or previous is None:
        return Result(Outcome.FAILED, plan.change.version if plan.change else 0, reasons, error=error)
    clock = asyncio.get_running_loop().time
    started = clock()
    on_phase("rolling back", f"to revision {previous.version}")
    marks = {} if passes(error) else {k: trying[k] for k in (notes.FAILED_INPUTS, notes.ATTEMPTS)}
    try:
        back = await roll_back(
            session,
            previous,
            policy=release.policy,
            timeout=release.timeout,
            wait=release.wait,
            health=release.health,
            notes_to_self=marks,
            on_phase=lambda _, text: on_phase("rolling back", text),
        )
    except FairwayError as second:
        lines = (*reasons, f"rolling back to revision {previous.version} failed too: {second.message}")
        return Result(Outcome.FAILED, plan.change.version if plan.change else 0, lines, error=error)
    return Result(
        Outcome.FAILED,
        back.revision.version,
        reasons,
        kept_revision=previous.version,
        rollback_elapsed=clock() - started,
        error=error,
    )
