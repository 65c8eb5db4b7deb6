"""From the few characters that somebody typed to the deployment, or the run, that they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairway.domain.deployments.ids import read_prefix, shortest_prefix
from fairway.domain.deployments.query import Query
from fairway.domain.deployments.record import Story
from fairway.domain.errors import UserError
from fairway.services.recording.ports import Ledger

CANDIDATES = 10
WHOLE_RUN = 1000
"""Deployments of one run that are shown at once."""


@dataclass(frozen=True, slots=True)
class Meant:
    """One deployment, or all of one run in the order in which they were opened."""

    stories: tuple[Story, ...]


async def look_up(ledger: Ledger, text: str) -> Meant:
    """Ids can be shortened to what is unique; what several deployments of a single run share, means that run.

    Raises `UserError` that lists the candidates when several runs are meant, and the newest when none is.
    """
    prefix = read_prefix(text)
    found = await ledger.starting_with(prefix, limit=CANDIDATES + 1) if prefix else []
    run_ids = {story.run.id for story in found}
    own = [story for story in found if story.id.startswith(prefix or "")]
    if len(own) == 1:
        return Meant(tuple(own))
    if len(run_ids) == 1:
        page = await ledger.find(Query(run_id=found[0].run.id, limit=WHOLE_RUN))
        return Meant(tuple(reversed(page.stories)))
    if found:
        raise UserError(
            f'"{text}" is the start of more than one deployment',
            fix="one of\n" + await list_briefly(ledger, found[:CANDIDATES], more=len(found) > CANDIDATES),
        )
    newest = await ledger.find(Query(limit=5))
    if not newest.stories:
        raise UserError(f'no deployment "{text}": the ledger is empty', fix="deployments are recorded by fairway apply")
    raise UserError(
        f'no deployment "{text}"', fix="the newest are\n" + await list_briefly(ledger, newest.stories, more=False)
    )


async def short_ids(ledger: Ledger, stories: Sequence[Story]) -> dict[str, str]:
    """For each deployment the shortest start of its id that is unique in the whole ledger."""
    ids = [story.id for story in stories]
    around = await ledger.neighbours(ids)
    return {id_: shortest_prefix(id_, around) for id_ in ids}


async def list_briefly(ledger: Ledger, stories: Sequence[Story], *, more: bool) -> str:
    """One line each: id, environment, release, action, state."""
    short = await short_ids(ledger, stories)
    lines = [
        f"    {short[story.id]}  {story.deployment.change.environment} {story.deployment.change.release}"
        f"  {story.deployment.change.action}  {story.state}"
        for story in stories
    ]
    return "\n".join([*lines, "    …"] if more else lines)
