"""Registries and chart repositories that do not answer, as looks for upgrades learn it: one trouble for each host.

The rule not to break: only what was asked has answered; a look at one host says nothing of another.
"""

from __future__ import annotations

from fairway.domain.errors import FairwayError
from fairway.domain.repository.models import ChartKind, ChartReference
from fairway.domain.upgrades.images import ImageReference
from fairway.services.agent.troubles import Troubles
from fairway.services.engine.retrying import passes
from fairway.services.upgrades.checking import Report


def place_of(asked: ImageReference | ChartReference | None) -> str:
    """For people: `registry ghcr.io`, `chart repository stable` (a host, or a name of `helmRepos`); empty: nowhere."""
    if isinstance(asked, ImageReference):
        return f"registry {asked.registry}"
    if asked is None or asked.kind is ChartKind.DIRECTORY:
        return ""
    host = asked.location.rpartition("://")[2].partition("/")[0].rpartition("@")[2]
    return f"registry {host}" if asked.kind is ChartKind.OCI else f"chart repository {host}"


class Registries:
    """Tells `troubles` of those that are away."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._away: set[str] = set()

    def learn(self, report: Report, *, asked: bool, complete: bool) -> None:
        """`asked`: what was looked at was asked of its registry. `complete`: everything was that there is."""
        away: dict[str, FairwayError] = {}
        answered = {place_of(look.watch.subject) for look in report.looks} if asked else set()
        for problem in report.problems:
            place = place_of(problem.asked)
            if place and passes(problem.error):
                away.setdefault(place, problem.error)
            elif asked:
                answered.add(place)  # with a no, but it answered
        for place, error in away.items():
            self._troubles.failed(place, str(error), fix=error.fix)
        # Nobody asks any more for what is not among everything; but a problem may hide what would have been asked.
        well = self._away if complete and not report.problems else answered
        for place in (self._away & well) - away.keys():
            self._troubles.well(place)
            self._away.discard(place)
        self._away |= away.keys()
