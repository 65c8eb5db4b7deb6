"""What came of one run over an environment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fairway.domain.errors import Refused
from fairway.domain.progress import Outcome
from fairway.services.engine.carrying import Result


@dataclass(slots=True)
class RunResult:
    """What came of an environment's run, by release."""

    environment: str
    results: dict[str, Result] = field(default_factory=dict)
    elapsed: float = 0.0
    deployment: str = ""
    """Under which id the ledger shows what was done; empty when nothing was."""
    bugs: list[Exception] = field(default_factory=list)
    """What should never have been raised; each is the failure of one release, and worth a report."""

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(result.outcome for result in self.results.values())

    @property
    def exit_code(self) -> int:
        outcomes = {r.outcome for r in self.results.values()}
        if Outcome.FAILED in outcomes:
            return 1
        # Whoever needs a refused release is not started, and that changes nothing about the reason.
        return Refused.exit_code if Outcome.REFUSED in outcomes else int(Outcome.SKIPPED in outcomes)
