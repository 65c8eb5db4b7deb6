"""Taking a release out of the cluster: pre-delete hooks, objects in Helm's order, post-delete hooks, record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from fairway.domain.errors import FairwayError
from fairway.domain.manifests.objects import Object, ObjectKey, ObjectRef
from fairway.domain.releases.notes import HOLDER
from fairway.domain.releases.revision import Hook, HookEvent, Revision, RevisionSummary, Status
from fairway.domain.repository.models import Policy
from fairway.services.engine.applying import Owner, delete_refs, removable
from fairway.services.engine.change import ChangeFailed
from fairway.services.engine.content import Content
from fairway.services.engine.deploying import HOLD_MARGIN
from fairway.services.engine.hooks import HookFailed, run_hooks
from fairway.services.engine.session import Session, Unhealthy


@dataclass(frozen=True, slots=True)
class Removal:
    """A release to take out. `contents` are all revisions whose objects may still exist, newest first."""

    revision: Revision
    contents: tuple[Content, ...]
    live: Mapping[ObjectKey, Object]
    history: tuple[RevisionSummary, ...]
    timeout: timedelta
    keep_history: bool = False
    wait: bool = True
    no_hooks: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    deleted: tuple[ObjectRef, ...]
    kept: tuple[ObjectRef, ...]


async def uninstall(session: Session, removal: Removal, on_phase: Callable[[str, str], None]) -> Removed:
    """Remove a release. The record says `uninstalling` first, so that a crash half-way is seen and finished."""
    revision = removal.revision
    holder = session.holder(session.now() + removal.timeout * (len(revision.hooks) + 1) + HOLD_MARGIN)
    going = replace(
        revision,
        status=Status.UNINSTALLING,
        deleted=session.now(),
        description="Deletion in progress (or silently failed)",
        notes_to_self={**revision.notes_to_self, HOLDER: holder.encode()},
    )
    await session.store.update(going)
    hooks = revision.hooks
    try:
        if not removal.no_hooks:
            hooks = await _hooks(session, going, hooks, HookEvent.PRE_DELETE, removal.timeout, on_phase)
        on_phase("deleting", "")
        owner = Owner(revision.name, revision.namespace, Policy())
        documents = {d.ref.key: d for content in reversed(removal.contents) for d in content.documents}
        delete, kept = removable(owner, documents.values(), removal.live)
        deleted = await delete_refs(session, delete)
        if removal.wait and deleted:
            await session.waiter.until_gone(deleted, timeout=removal.timeout)
        if not removal.no_hooks:
            hooks = await _hooks(session, going, hooks, HookEvent.POST_DELETE, removal.timeout, on_phase)
    except FairwayError as error:
        if isinstance(error, HookFailed):
            hooks = error.hooks
        with suppress(FairwayError):
            await session.store.update(replace(going, hooks=hooks))
        lines = error.lines if isinstance(error, Unhealthy | HookFailed) else ()
        raise ChangeFailed(error.message, lines, fix=error.fix, stage="deleting") from error
    await _forget(session, removal, replace(going, hooks=hooks))
    return Removed(tuple(deleted), tuple(kept))


async def _hooks(
    session: Session,
    revision: Revision,
    hooks: tuple[Hook, ...],
    event: HookEvent,
    timeout: timedelta,
    on_phase: Callable[[str, str], None],
) -> tuple[Hook, ...]:
    return await run_hooks(
        session,
        revision.namespace,
        hooks,
        event,
        timeout=timeout,
        on_progress=lambda text: on_phase("hooks", text),
    )


async def _forget(session: Session, removal: Removal, going: Revision) -> None:
    if removal.keep_history:
        notes = {k: v for k, v in going.notes_to_self.items() if k != HOLDER}
        await session.store.update(
            replace(going, status=Status.UNINSTALLED, description="Uninstallation complete", notes_to_self=notes)
        )
        return
    # The newest goes last: until then the release is still seen as unfinished.
    for summary in removal.history:
        if summary.version != going.version:
            await session.store.delete(going.namespace, going.name, summary.version)
    await session.store.delete(going.namespace, going.name, going.version)
