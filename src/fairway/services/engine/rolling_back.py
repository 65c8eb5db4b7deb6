"""Going back to a stored revision, as `helm rollback` does: a new revision with the old one's content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from fairway.domain.errors import UserError
from fairway.domain.health import HealthRule
from fairway.domain.releases import notes
from fairway.domain.releases.revision import Revision, Status
from fairway.domain.repository.models import Policy
from fairway.services.engine.base import read_base, read_predecessors
from fairway.services.engine.change import Change, Operation
from fairway.services.engine.content import content_of
from fairway.services.engine.deploying import Deployed, deploy
from fairway.services.engine.planning import expired
from fairway.services.engine.session import Session
from fairway.services.engine.snapshot import Snapshot


async def plan_rollback(
    session: Session,
    snapshot: Snapshot,
    target: Revision,
    *,
    policy: Policy,
    timeout: timedelta,
    wait: bool = True,
    health: tuple[HealthRule, ...] = (),
    notes_to_self: Mapping[str, str] | None = None,
) -> Change:
    """The change that brings a stored revision's content back.

    The snapshot must be fresh: what a failed upgrade created has to be seen to be removed.
    """
    history = snapshot.history(target.name)
    base = await read_base(session, snapshot, target.name)
    content = await content_of(target, session.renderer, snapshot.resources)
    live = await snapshot.metadata({d.ref for c in (content, *base.contents) for d in c.documents})
    kept = {k: v for k, v in target.notes_to_self.items() if k not in (notes.HOLDER, notes.INVENTORY)}
    return Change(
        release=target.name,
        namespace=target.namespace,
        operation=Operation.ROLLBACK,
        version=history[-1].version + 1,
        content=content,
        live=live,
        timeout=timeout,
        policy=policy,
        wait=wait,
        health=health,
        base=base.contents,
        predecessors=await read_predecessors(session, snapshot, target.name, base),
        expired=expired(history, policy.history),
        notes_to_self={**kept, **(notes_to_self or {})},
        description=f"Rollback to {target.version}",
        first_deployed=base.first_deployed,
        rollback_revision=target.version,
    )


async def pick_target(session: Session, snapshot: Snapshot, release: str, version: int | None) -> Revision:
    """The revision to go back to: the asked one, else the newest that was once healthy before the newest one.

    Raises `UserError` naming the revisions that there are.
    """
    history = snapshot.history(release)
    if not history:
        raise UserError(f"there is no release {release} in namespace {snapshot.namespace}", fix="see: fairway status")
    good = [s for s in history if s.status in (Status.DEPLOYED, Status.SUPERSEDED)]
    if version is None:
        newest = history[-1]
        earlier = [s for s in good if s.version < newest.version]
        chosen = earlier[-1] if earlier else None
    else:
        chosen = next((s for s in history if s.version == version), None)
    if chosen is None:
        there = ", ".join(str(s.version) for s in good) or "none"
        wanted = f"no revision {version}" if version is not None else "no earlier revision that was deployed"
        raise UserError(f"release {release} has {wanted}", fix=f"revisions that can be gone back to: {there}")
    revision = await session.store.read(chosen.namespace, chosen.name, chosen.version)
    if revision is None:
        raise UserError(f"revision {chosen.version} of {release} vanished while it was read")
    return revision


async def roll_back(
    session: Session,
    target: Revision,
    *,
    policy: Policy,
    timeout: timedelta,
    on_phase: Callable[[str, str], None],
    wait: bool = True,
    health: tuple[HealthRule, ...] = (),
    notes_to_self: Mapping[str, str] | None = None,
) -> Deployed:
    """Look at the cluster afresh, then carry out the rollback."""
    snapshot = await Snapshot(session.kube, session.store, target.namespace).open()
    change = await plan_rollback(
        session,
        snapshot,
        target,
        policy=policy,
        timeout=timeout,
        wait=wait,
        health=health,
        notes_to_self=notes_to_self,
    )
    return await deploy(session, change, on_phase)
