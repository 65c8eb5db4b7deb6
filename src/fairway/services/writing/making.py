"""Makes changes on the newest files: those that are better made together at once, the others one after the other.

The rule not to break: every change gets exactly one answer, and one that cannot be made holds up no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from fairway.domain.errors import FairwayError
from fairway.domain.repository.models import Repository
from fairway.services.writing.changes import Change, Edited

Made = Edited | FairwayError | None
"""What came of a change: what it did, why it could not be made, or None when there was nothing to do."""


@runtime_checkable
class Together(Protocol):
    """A change that shares its work with others: ninety upgrades of one file are one reading and one edit of it."""

    async def make_together(self, repository: Repository, changes: Sequence[Change]) -> Sequence[Made]:
        """One answer for each of `changes`, all of which are of this class."""
        ...


async def make_all(repository: Repository, changes: Sequence[Change]) -> list[Made]:
    """One answer for each change, in their order."""
    answers: dict[int, Made] = {}
    for kind in dict.fromkeys(type(change) for change in changes):
        alike = [change for change in changes if type(change) is kind]
        first = alike[0]
        if isinstance(first, Together):
            made = await first.make_together(repository, alike)
        else:
            made = [await _made(repository, change) for change in alike]
        answers |= {id(change): answer for change, answer in zip(alike, made, strict=True)}
    return [answers[id(change)] for change in changes]


async def _made(repository: Repository, change: Change) -> Made:
    try:
        return await change.make(repository)
    except FairwayError as error:
        return error
