"""Taking out one release by name: read what is stored, look at what is there, uninstall, write it down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fairway.domain.errors import FairwayError, Refused
from fairway.domain.progress import Outcome
from fairway.domain.releases.plan import ObjectAction, ObjectChange
from fairway.domain.releases.state import Action, ReleaseState
from fairway.services.engine.base import read_base
from fairway.services.engine.carrying import Result
from fairway.services.engine.change import ChangeFailed
from fairway.services.engine.planning import Planned
from fairway.services.engine.recording import ChangeLog
from fairway.services.engine.recovering import abandoned
from fairway.services.engine.session import Session
from fairway.services.engine.snapshot import Snapshot
from fairway.services.engine.uninstalling import Removal, uninstall


async def remove_release(
    session: Session,
    snapshot: Snapshot,
    name: str,
    *,
    timeout: timedelta,
    on_phase: Callable[[str, str], None],
    log: ChangeLog,
    keep_history: bool = False,
    no_hooks: bool = False,
    wait: bool = True,
    take_over: bool = False,
) -> Result:
    """Uninstall a release that is in the snapshot. What goes wrong is in the result."""
    try:
        removal = await plan_removal(
            session,
            snapshot,
            name,
            timeout=timeout,
            keep_history=keep_history,
            no_hooks=no_hooks,
            wait=wait,
            take_over=take_over,
        )
    except FairwayError as error:
        outcome = Outcome.REFUSED if error.exit_code == Refused.exit_code else Outcome.FAILED
        return Result(outcome, reasons=(str(error), *((error.fix,) if error.fix else ())), error=error)
    latest = snapshot.latest(name)
    plan = Planned(
        name,
        snapshot.namespace,
        ReleaseState.UNWANTED,
        Action.UNINSTALL,
        latest=latest,
        previous=removal.revision,
        objects=tuple(ObjectChange(d.ref, ObjectAction.DELETE) for c in removal.contents[:1] for d in c.documents),
    )
    change_id = log.opening(plan)
    result = Result(Outcome.INTERRUPTED, reasons=("interrupted; uninstall again to go on",))
    try:
        removed = await uninstall(session, removal, on_phase)
        result = Result(Outcome.UNINSTALLED, deleted=removed.deleted)
    except ChangeFailed as error:
        result = Result(Outcome.FAILED, reasons=(error.message, *error.lines), error=error)
    except FairwayError as error:
        result = Result(Outcome.FAILED, reasons=(str(error),), error=error)
    finally:
        log.closing(change_id, plan, result)
    return result


async def plan_removal(
    session: Session,
    snapshot: Snapshot,
    name: str,
    *,
    timeout: timedelta,
    keep_history: bool = False,
    no_hooks: bool = False,
    wait: bool = True,
    take_over: bool = False,
) -> Removal:
    """What uninstalling would take out. Raises `Refused` while another writer is at work on the release."""
    abandoned(session, snapshot.latest(name), take_over=take_over, verb="uninstall")
    base = await read_base(session, snapshot, name)
    revision = base.unfinished[0] if base.unfinished else base.deployed
    if revision is None:
        raise FairwayError(f"release {name} has no revision that can be read")
    live = await snapshot.metadata({d.ref for c in base.contents for d in c.documents})
    return Removal(revision, base.contents, live, tuple(snapshot.history(name)), timeout, keep_history, wait, no_hooks)
