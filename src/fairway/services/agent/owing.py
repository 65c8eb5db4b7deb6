"""What an environment has yet to get: by commits, by drift, by failures, by passes that were cut short.

The rule not to break: nothing is forgotten before a pass over it ended; what a commit touches meanwhile stays owed.
"""

from __future__ import annotations

from datetime import datetime

from fairway.domain.agent.backing_off import Failing, after_failure
from fairway.domain.agent.touching import Touched
from fairway.domain.progress import Outcome
from fairway.domain.repository.models import Environment
from fairway.services.agent.carrying import Pass
from fairway.services.agent.passing import cluster_away
from fairway.services.engine.carrying import Result
from fairway.services.engine.run_result import RunResult


class Owing:
    """Of one environment. At the start everything is owed."""

    def __init__(self) -> None:
        self.everything = True
        self.names: set[str] = set()
        self.gone: set[str] = set()
        """Were declared, and are no more."""
        self.drifted: set[str] = set()
        self.failing: dict[str, Failing] = {}
        self._touched_by: dict[str, set[str]] = {}

    @property
    def nothing(self) -> bool:
        """But for drift, and for what fails."""
        return not (self.everything or self.names or self.gone)

    @property
    def touched_by(self) -> dict[str, frozenset[str]]:
        """The commits that touched a release since it was last as declared."""
        return {name: frozenset(commits) for name, commits in self._touched_by.items()}

    def commit(self, commit: str, touched: Touched, environment: Environment | None) -> frozenset[str]:
        """A commit touches this; the releases that it is surely about."""
        names = touched.releases or frozenset()
        self.everything = self.everything or touched.releases is None
        self.names |= names
        self.gone |= touched.gone
        if touched.releases is None:
            self.failing.clear()
        about = touched.certain | names
        for name in about:
            self.failing.pop(name, None)
            self._touched_by.setdefault(name, set()).add(commit)
        declared = {release.name for release in environment.releases} if environment is not None else set()
        self.gone -= declared
        self.names &= declared
        self.drifted &= declared
        self.failing = {name: one for name, one in self.failing.items() if name in declared}
        return about

    def take(self, what: Pass) -> None:
        """A pass begins: it is what is owed no more."""
        self.gone -= what.leaving
        if what.names is None:
            self.everything, self.names, self.drifted = False, set(), set()
        else:
            self.names -= what.names
            self.drifted -= what.names

    def settle(self, what: Pass, result: RunResult, *, whole: bool, now: datetime, jitter: float) -> None:
        """A pass ended; `whole` unless it was cut short, or failed as a whole."""
        declared = {release.name for release in what.environment.releases}
        for name, one in result.results.items():
            if one.outcome in (Outcome.SUSPENDED, Outcome.INTERRUPTED) or (not whole and cluster_away(one.error)):
                self.names |= {name} & declared
            elif name in self.names:
                continue  # a commit touched it meanwhile: how the one before ended counts no more
            elif one.outcome.is_bad:
                self.failing[name] = after_failure(self.failing.get(name), now, jitter, why=_why(one))
            else:
                self.failing.pop(name, None)
                self._touched_by.pop(name, None)
        if not whole:
            self.everything = self.everything or what.names is None
            self.names |= ((what.names or frozenset()) - result.results.keys()) & declared
            self.gone |= what.leaving - result.results.keys()


def _why(result: Result) -> str:
    return result.reasons[0] if result.reasons else result.outcome.value
