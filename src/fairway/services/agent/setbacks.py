"""What keeps a whole environment from being carried out: a cluster that does not answer, or a refusal.

The rule not to break: each is told once, however often it is met again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from fairway.domain.agent.backing_off import Failing, after_failure
from fairway.domain.errors import FairwayError, UserError
from fairway.services.agent.following import Tree
from fairway.services.agent.troubles import Troubles

log = logging.getLogger(__name__)

FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=5)
REFUSED_FIRST = timedelta(minutes=1)
"""A human needs a while."""


class Setbacks:
    """Of one environment. `resync` is the longest time after which a refusal is tried again."""

    def __init__(self, environment: str, troubles: Troubles, resync: timedelta) -> None:
        self._environment = environment
        self._troubles = troubles
        self._resync = resync
        self._told = ""
        self.away: Failing | None = None
        """The cluster did not answer; not before its time is it asked again."""
        self.refused: Failing | None = None
        """Everything was refused; a commit clears it."""

    def met(self, error: FairwayError, tree: Tree | None, now: datetime, jitter: float) -> None:
        """A pass ended with this."""
        if isinstance(error, UserError):
            self._refuse(error, now, jitter)
            return
        self.away = after_failure(self.away, now, jitter, why=str(error), first=FIRST, longest=LONGEST)
        self._troubles.failed(self._cluster(tree), str(error), environment=self._environment, fix=error.fix)

    def answered(self, tree: Tree, now: datetime, *, fully: bool) -> None:
        """A pass got through; `fully` when nothing in it failed for a reason that passes."""
        self.away = None
        if self.refused is None or self.refused.is_due(now):
            # Before its time only a pass that began earlier, beside the refused one, can have ended.
            self.refused, self._told = None, ""
        if fully:
            self._troubles.well(self._cluster(tree), environment=self._environment)

    def _refuse(self, error: UserError, now: datetime, jitter: float) -> None:
        why = f"{error}; {error.fix}" if error.fix else str(error)
        self.refused = after_failure(self.refused, now, jitter, why=why, first=REFUSED_FIRST, longest=self._resync)
        if why != self._told:
            self._told = why
            log.warning("agent.refused", extra={"environment": self._environment, "why": why})
            self._troubles.refused(self._environment, error)

    def _cluster(self, tree: Tree | None) -> str:
        environment = tree.environment(self._environment) if tree is not None else None
        return f"cluster {environment.cluster.name}" if environment else f"cluster of {self._environment}"
