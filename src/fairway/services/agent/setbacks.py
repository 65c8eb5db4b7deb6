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


class Setbacks:
    """Of one environment."""

    def __init__(self, environment: str, troubles: Troubles) -> None:
        self._environment = environment
        self._troubles = troubles
        self._told = ""
        self.away: Failing | None = None
        """The cluster did not answer; not before its time is it asked again."""
        self.refused = ""
        """Why everything was refused; a commit or the next resync clears it."""

    def met(self, error: FairwayError, tree: Tree | None, now: datetime, jitter: float) -> None:
        """A pass ended with this."""
        if isinstance(error, UserError):
            self._refuse(error)
            return
        self.away = after_failure(self.away, now, jitter, why=str(error), first=FIRST, longest=LONGEST)
        self._troubles.failed(self._cluster(tree), str(error), environment=self._environment, fix=error.fix)

    def answered(self, tree: Tree, *, fully: bool) -> None:
        """A pass got through; `fully` when nothing in it failed for a reason that passes."""
        self.away = None
        if fully:
            self._troubles.well(self._cluster(tree), environment=self._environment)

    def _refuse(self, error: UserError) -> None:
        self.refused = f"{error}; {error.fix}" if error.fix else str(error)
        if self.refused != self._told:
            self._told = self.refused
            log.warning("agent.refused", extra={"environment": self._environment, "why": self.refused})
            self._troubles.refused(self._environment, error)

    def _cluster(self, tree: Tree | None) -> str:
        environment = tree.environment(self._environment) if tree is not None else None
        return f"cluster {environment.cluster.name}" if environment else f"cluster of {self._environment}"
