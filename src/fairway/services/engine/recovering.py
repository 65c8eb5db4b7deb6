"""A revision that is called pending: is somebody still at work on it, and if not, how it is closed.

The rule not to break: nobody goes on with a release whose writer may still live.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fairway.domain.errors import Refused
from fairway.domain.releases import notes
from fairway.domain.releases.holding import Claim, Holder, Life, claim
from fairway.domain.releases.revision import RevisionSummary, Status
from fairway.services.engine.session import Session


def abandoned(
    session: Session, latest: RevisionSummary | None, *, take_over: bool = False, verb: str = "apply"
) -> tuple[RevisionSummary, ...]:
    """The pending revision to take over, if there is one; `Refused` while its writer may still be at work.

    `verb` is what the command is called that asks.
    """
    if latest is None or not latest.status.is_pending:
        return ()
    text = latest.notes_to_self.get(notes.HOLDER)
    holder = Holder.decode(text) if text else None
    life = session.life(holder) if holder else Life.ELSEWHERE
    verdict = claim(holder, life, modified=latest.modified or latest.created, now=session.now(), insist=take_over)
    if verdict is Claim.WAIT:
        who = str(holder) if holder else "another tool"
        raise Refused(
            f"{latest.name} is held by {who}: revision {latest.version} is {latest.status}",
            fix=f"wait for it to end; when you know that it is dead: fairway {verb} --take-over",
        )
    return (latest,)


async def close_abandoned(session: Session, revisions: Iterable[RevisionSummary]) -> None:
    """Mark what a dead writer left pending as failed, so that history tells the truth."""
    for summary in revisions:
        left = await session.store.read(summary.namespace, summary.name, summary.version)
        if left is None or not left.status.is_pending:
            continue
        await session.store.update(
            replace(
                left,
                status=Status.FAILED,
                description=f"Interrupted while {summary.status}; recovered by the next apply",
                notes_to_self=untried(left.notes_to_self),
            )
        )


def untried(notes_to_self: Mapping[str, str]) -> dict[str, str]:
    """Notes of a revision that was not carried to an end: an interruption is no failed try of its inputs."""
    kept = {k: v for k, v in notes_to_self.items() if k != notes.HOLDER}
    tries = kept.get(notes.ATTEMPTS, "0")
    if tries.isdigit() and int(tries) > 1:
        return {**kept, notes.ATTEMPTS: str(int(tries) - 1)}
    return {k: v for k, v in kept.items() if k not in (notes.FAILED_INPUTS, notes.ATTEMPTS)}
