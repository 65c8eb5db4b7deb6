"""What was written into Git, as news."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.repository.models import Owner
from fairway.domain.upgrades.reverted import HOLD, REVERT
from fairway.services.writing.changes import Edited, Failed, Outcome

OwnerOf: TypeAlias = Callable[[str, str], Owner]
"""The owner of an environment's release."""


def nobody(environment: str, release: str) -> Owner:
    return Owner()


def news_of(
    outcome: Outcome, *, now: datetime, new_id: Callable[[], str], owner_of: OwnerOf = nobody
) -> Iterator[Happening]:
    """One event for all upgrades of a commit, one for each revert or hold, one for all that could not be written."""
    written = [one for one in outcome.edited if one.upgrade is not None]
    thread = f"commit {outcome.commit}"
    if written and outcome.commit:
        upgrades = tuple(one.upgrade for one in written if one.upgrade is not None)
        names = {one.release for one in upgrades}
        environments = {one.environment for one in upgrades}
        yield Happening(
            id=new_id(),
            kind=EventKind.UPGRADE_WRITTEN,
            at=now,
            title=outcome.subject,
            environment=environments.pop() if len(environments) == 1 else "",
            releases=tuple(sorted(names)),
            commit=outcome.commit,
            url=outcome.url,
            thread=thread,
            upgrades=upgrades,
            owners={f"{one.environment}/{one.release}": owner_of(one.environment, one.release) for one in upgrades},
        )
    for one in outcome.edited:
        if outcome.commit and any(name in (HOLD, REVERT) for name, _ in one.trailers):
            held = _held(one, outcome, now, new_id, thread)
            yield replace(held, owner=owner_of(held.environment, held.release))
    if outcome.failed:
        yield _failed(outcome.failed, now, new_id)


def _held(one: Edited, outcome: Outcome, now: datetime, new_id: Callable[[], str], thread: str) -> Happening:
    words = next((text for name, text in one.trailers if name == HOLD), "")
    environment, _, release = words.partition(" ")[0].partition("/")
    return Happening(
        id=new_id(),
        kind=EventKind.HOLD_ADDED,
        at=now,
        title=f"{one.summary[:1].upper()}{one.summary[1:]}; {words.rpartition(' ')[2]} is held",
        severity=Severity.WARNING,
        lines=(one.why,) if one.why else (),
        environment=environment,
        release=release,
        commit=outcome.commit,
        url=outcome.url,
        thread=thread,
    )


def _failed(failed: tuple[Failed, ...], now: datetime, new_id: Callable[[], str]) -> Happening:
    first = failed[0]
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    environments = {one.change.environment for one in failed}
    return Happening(
        id=new_id(),
        kind=EventKind.UPGRADE_FAILED,
        at=now,
        title=f"{first.change.key}{more} could not be written to Git: {first.error.message}",
        severity=Severity.ERROR,
        lines=tuple(f"{one.change.key}: {one.error}" for one in failed[:10]),
        environment=environments.pop() if len(environments) == 1 else "",
        releases=tuple(sorted({one.change.release for one in failed})),
    )
