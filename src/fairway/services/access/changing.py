"""Changing a registration: checked, written down, carried out, and only then said to be done.

The rule not to break: no change is made that is not in the trail, whatever is killed in between.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from fairway.domain.access.names import repository_name, team_slugs
from fairway.domain.errors import Transient
from fairway.services.access.ports import AccessChange, AccessStore, AuditTrail, ChangedMeanwhile, Registration

_LOG = logging.getLogger(__name__)


class Changing:
    """`on_change` hears of each repository whose registration was changed."""

    def __init__(
        self,
        store: AccessStore,
        trail: AuditTrail,
        now: Callable[[], datetime],
        on_change: Callable[[str], None] = lambda repository: None,
    ) -> None:
        self.store = store
        self.trail = trail
        self._now = now
        self._on_change = on_change

    async def change(
        self, repository: str, teams: Iterable[str], *, seen: Registration | None, who: str, via: str
    ) -> Registration | None:
        """Let these teams, and no others, deploy from it; no teams take it out. `seen` is what the decision rests on.

        Raises ChangedMeanwhile when it is not like that any more, and UserError for names that are none.
        """
        wanted = team_slugs(teams)
        repository = seen.repository if seen else repository_name(repository)
        before = seen.teams if seen else ()
        key = await self.trail.begin(AccessChange(self._now(), who, repository, before, wanted, via, certain=False))
        try:
            stored = await self.store.write(repository, wanted, expected=seen.version if seen else None)
        except ChangedMeanwhile:
            await self.trail.settle(key, done=False)
            raise
        self._on_change(repository)
        try:
            await self.trail.settle(key, done=True)
        except Transient as error:
            # It is done, and its line is there; that it says "not certain" is the truth about this trail.
            _LOG.warning("access.unsettled", extra={"repository": repository, "reason": error.message})
        _LOG.info("access.changed", extra={"repository": repository, "who": who, "via": via, "teams": list(wanted)})
        return stored
