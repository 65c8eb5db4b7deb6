"""Carrying out one change: lock, CRDs, hooks, apply, prune, wait, hooks, gates, record. Reads top to bottom.

The stored revision is written twice: `pending-*` before anything is touched (creating it is the lock), and its
outcome at the end. Whatever happens in between, the next pass finds a pending or failed revision and goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fairway.domain.errors import FairwayError
from fairway.domain.kube_errors import AlreadyExists
from fairway.domain.manifests.objects import Object, ObjectKey, ObjectRef
from fairway.domain.releases.notes import ATTEMPTS, CHART, FAILED_INPUTS, HOLDER, INVENTORY, encode_inventory
from fairway.domain.releases.revision import Hook, Revision, Status
from fairway.domain.repository.models import GateKind
from fairway.services.engine.applying import Owner, apply_documents, delete_refs, inventory, removable
from fairway.services.engine.change import AFTER, BEFORE, PENDING, Change, ChangeFailed, Operation
from fairway.services.engine.content import Document
from fairway.services.engine.hooks import HookFailed, run_hooks
from fairway.services.engine.recovering import untried
from fairway.services.engine.retrying import passes
from fairway.services.engine.session import Session, Unhealthy
from fairway.services.engine.testing import run_tests

HOLD_MARGIN = timedelta(minutes=2)

DONE = {
    Operation.INSTALL: "Install complete",
    Operation.UPGRADE: "Upgrade complete",
    Operation.ROLLBACK: "Rollback complete",
}


@dataclass(frozen=True, slots=True)
class Deployed:
    """What came of a change."""

    revision: Revision
    deleted: tuple[ObjectRef, ...] = ()
    kept: tuple[ObjectRef, ...] = ()


class HeldByAnother(FairwayError):
    """Another writer created the revision first; nothing was touched."""

    exit_code = 3


async def deploy(session: Session, change: Change, on_phase: Callable[[str, str], None]) -> Deployed:
    """Carry out a change. `on_phase(phase, detail)` tells people what is being done.

    Raises `HeldByAnother` when another writer was faster, and `ChangeFailed` after the failure was recorded.
    """
    pending = await _lock_whole(session, change)
    hooks = change.content.hooks
    stage = "hooks"
    try:
        hooks = await run_hooks(
            session,
            change.namespace,
            hooks,
            BEFORE[change.operation],
            timeout=change.timeout,
            on_progress=lambda text: on_phase("hooks", text),
        )
        stage = "applying"
        on_phase("applying", "")
        owner = Owner(change.release, change.namespace, change.policy)
        wanted = [d for d in change.content.documents if d.ref.key not in change.untouched]
        applied = await apply_documents(session, owner, wanted, change.live)
        delete, kept = removable(owner, _left_out(change), change.live)
        deleted = await delete_refs(session, delete)
        if change.wait:
            stage = "waiting"
            await session.waiter.until_healthy(
                applied,
                timeout=change.timeout,
                on_progress=lambda text: on_phase("waiting", text),
                rules=change.health,
            )
        stage = "hooks"
        hooks = await run_hooks(
            session,
            change.namespace,
            hooks,
            AFTER[change.operation],
            timeout=change.timeout,
            on_progress=lambda text: on_phase("hooks", text),
        )
        stage = "testing"
        hooks = await _gates(session, change, hooks, on_phase)
    except FairwayError as error:
        if isinstance(error, HookFailed):
            hooks = error.hooks
        lines = error.lines if isinstance(error, Unhealthy | HookFailed) else ()
        try:
            if passes(error):
                # It says nothing against the inputs.
                pending = replace(pending, notes_to_self=untried(pending.notes_to_self))
            await _record_failure(session, pending, hooks, error.message)
            await _forget(session, change)
        except FairwayError as second:
            lines = (*lines, f"and it could not be recorded, the next apply will do that: {second.message}")
        raise ChangeFailed(error.message, lines, fix=error.fix, stage=stage) from error
    except asyncio.CancelledError:
        cut_short = replace(pending, notes_to_self=untried(pending.notes_to_self))
        await asyncio.shield(_record_failure(session, cut_short, hooks, f"Interrupted while {stage}"))
        raise
    recorded = await _to_the_end(_record_success(session, change, pending, hooks, applied))
    return Deployed(recorded, tuple(deleted), tuple(kept))


async def _to_the_end(recording: Coroutine[Any, Any, Revision]) -> Revision:
    """What has succeeded is recorded so, also when somebody interrupts just then."""
    task = asyncio.ensure_future(recording)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _lock_whole(session: Session, change: Change) -> Revision:
    """The lock, also when somebody interrupts while it is written: it must not stay behind as if work went on."""
    task = asyncio.ensure_future(_lock(session, change))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(FairwayError):
            pending = await task
            cut_short = replace(pending, notes_to_self=untried(pending.notes_to_self))
            await _record_failure(session, cut_short, change.content.hooks, "Interrupted before anything was applied")
        raise


async def _lock(session: Session, change: Change) -> Revision:
    now = session.now()
    # Each hook, the wait and each gate may take the whole time-out; who promises too little is taken for dead.
    spans = len(change.content.hooks) + len(change.gates) + 1
    holder = session.holder(now + change.timeout * spans + HOLD_MARGIN)
    first = change.first_deployed if isinstance(change.first_deployed, datetime) else now
    pending = Revision(
        name=change.release,
        namespace=change.namespace,
        version=change.version,
        status=PENDING[change.operation],
        manifest=change.content.manifest,
        config=change.content.config,
        chart=change.content.chart,
        hooks=change.content.hooks,
        first_deployed=first,
        last_deployed=now,
        description=change.description or f"{change.operation.value.capitalize()} in progress",
        notes=change.content.notes,
        labels=change.content.labels,
        rollback_revision=change.rollback_revision,
        notes_to_self={**change.notes_to_self, HOLDER: holder.encode()},
    )
    pending = replace(pending, notes_to_self={**pending.notes_to_self, CHART: pending.chart_label})
    try:
        await session.store.create(pending)
    except AlreadyExists as error:
        raise HeldByAnother(
            f"another writer has just started revision {change.version} of {change.release}",
            fix=f"see what it does: fairway history {change.release}",
        ) from error
    return pending


def _left_out(change: Change) -> list[Document]:
    """Documents of the base that the new content does not have; each object once."""
    wanted = {d.ref.key for d in change.content.documents}
    left: dict[ObjectKey, Document] = {}
    for content in change.base:
        for document in content.documents:
            if document.ref.key not in wanted:
                left[document.ref.key] = document
    return list(left.values())


async def _gates(
    session: Session, change: Change, hooks: tuple[Hook, ...], on_phase: Callable[[str, str], None]
) -> tuple[Hook, ...]:
    for gate in change.gates:
        if gate.kind is GateKind.HELM_TEST:
            on_phase("testing", "")
            hooks = await run_tests(
                session,
                change.release,
                change.namespace,
                hooks,
                timeout=gate.timeout or change.timeout,
                on_progress=lambda text: on_phase("testing", text),
            )
    return hooks


async def _record_failure(session: Session, pending: Revision, hooks: tuple[Hook, ...], why: str) -> None:
    notes = {k: v for k, v in pending.notes_to_self.items() if k != HOLDER}
    failed = replace(
        pending,
        status=Status.FAILED,
        hooks=hooks,
        description=_sentence(pending, session.mask(why)),
        notes_to_self=notes,
    )
    await session.store.update(failed)


def _sentence(pending: Revision, why: str) -> str:
    words = {
        Status.PENDING_INSTALL: "Release",
        Status.PENDING_UPGRADE: "Upgrade",
        Status.PENDING_ROLLBACK: "Rollback",
    }
    return f'{words[pending.status]} "{pending.name}" failed: {why}'


async def _record_success(
    session: Session,
    change: Change,
    pending: Revision,
    hooks: tuple[Hook, ...],
    applied: list[tuple[ObjectRef, Object]],
) -> Revision:
    # A rollback keeps the count of what failed, so that the same inputs are not tried for ever.
    done_with = (HOLDER,) if change.operation is Operation.ROLLBACK else (HOLDER, FAILED_INPUTS, ATTEMPTS)
    notes = {k: v for k, v in pending.notes_to_self.items() if k not in done_with}
    items = encode_inventory([*inventory(applied), *change.untouched.values()])
    if items is not None:
        notes[INVENTORY] = items
    deployed = replace(
        pending,
        status=Status.DEPLOYED,
        hooks=hooks,
        last_deployed=session.now(),
        description=change.description or DONE[change.operation],
        notes_to_self=notes,
    )
    # The new one first: a crash in between leaves two deployed revisions, of which Helm takes the newer one;
    # the other order would leave none.
    await session.store.update(deployed)
    for old in change.predecessors:
        await session.store.update(replace(old, status=Status.SUPERSEDED))
    await _forget(session, change)
    return deployed


async def _forget(session: Session, change: Change) -> None:
    for version in change.expired:
        await session.store.delete(change.namespace, change.release, version)
