"""What a run tells while it goes on: every event that front ends show, and the closing word of each release.

The rule not to break: each release that was begun gets exactly one `ReleaseFinished`, also when the run is cut short.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from fairway.domain.progress import (
    Notice,
    Outcome,
    Phase,
    PhaseKind,
    ReleaseFinished,
    ReleaseStarted,
    Reporter,
    RunFinished,
    RunStarted,
)
from fairway.domain.releases.state import Action, ReleaseState
from fairway.domain.repository.models import Environment
from fairway.services.engine.carrying import Result
from fairway.services.engine.planning import Planned
from fairway.services.engine.recording import ChangeLog
from fairway.services.engine.run_result import RunResult

MOST_WARNINGS = 10
INTERRUPTED = 130
"""Exit code of a run that was cancelled: 128 + SIGINT, as shells have it."""

PHASES = {
    "retrying": PhaseKind.QUEUED,
    "hooks": PhaseKind.HOOKS,
    "crds": PhaseKind.CRDS,
    "applying": PhaseKind.APPLYING,
    "waiting": PhaseKind.WAITING,
    "testing": PhaseKind.TESTING,
    "deleting": PhaseKind.UNINSTALLING,
    "rolling back": PhaseKind.ROLLING_BACK,
}


class Narration:
    """Tells one environment's run to a reporter, and keeps its result. `mask` hides secrets in what went wrong."""

    def __init__(self, environment: Environment, report: Reporter, log: ChangeLog, mask: Callable[[str], str]) -> None:
        self._environment = environment
        self._report = report
        self._log = log
        self._mask = mask
        self._begun: dict[str, float] = {}
        self.result = RunResult(environment.name)

    def announce(
        self,
        expected: Iterable[Action],
        names: Sequence[str],
        *,
        unwanted: int,
        suspended: int,
        commit: str,
        subject: str,
        dirty: bool,
    ) -> None:
        """The headline: `names` are all releases of the run in their order, `expected` what each probably needs that is
        not suspended."""
        counts: Counter[Action] = Counter(expected)
        counts[Action.UNINSTALL] += unwanted
        self._report(
            RunStarted(
                environment=self._environment.name,
                cluster=self._environment.cluster.name,
                namespace=self._environment.namespace,
                releases=tuple(names),
                commit=commit,
                subject=subject,
                dirty=dirty,
                counts={action: n for action, n in counts.items() if n},
                suspended=suspended,
            )
        )

    def begin(self, name: str, action: Action, plan: Planned | None = None) -> None:
        """Work on a release begins."""
        self._begun[name] = asyncio.get_running_loop().time()
        before = _version(plan.previous.chart) if plan and plan.previous else ""
        after = _version(plan.change.content.chart) if plan and plan.change else ""
        self._report(ReleaseStarted(self._environment.name, name, action, before=before, after=after))

    def notice(self, text: str, release: str) -> None:
        self._report(Notice(text, environment=self._environment.name, release=release))

    def warned(self, texts: Iterable[str]) -> None:
        """What the API server warned of in this run, most of all of API versions that will go."""
        found = [f"the cluster warns: {self._mask(text)}" for text in sorted(texts)]
        if (more := len(found) - MOST_WARNINGS) > 0:
            found[MOST_WARNINGS:] = [f"the cluster warns of {more} more things"]
        for text in found:
            self._report(Notice(text, environment=self._environment.name))

    def phase(self, name: str, kind: PhaseKind, detail: str) -> None:
        """What a release does now, or what it waits for."""
        self._report(Phase(self._environment.name, name, kind, detail))

    def settle(
        self, name: str, result: Result, elapsed: float, *, expected: Action, plan: Planned | None = None
    ) -> Outcome:
        """How a release ended. What failed before it was begun goes into the ledger as `expected`."""
        result = replace(result, reasons=tuple(self._mask(line) for line in result.reasons))
        self.result.results[name] = result
        waits = plan is not None and plan.state is ReleaseState.STALLED
        if result.outcome.is_bad and name not in self._begun and not waits:
            self._log.not_begun(name, self._environment.namespace, expected, result)
        before = _version(plan.previous.chart) if plan and plan.previous else ""
        after = _version(plan.change.content.chart) if plan and plan.change else ""
        self._report(
            ReleaseFinished(
                environment=self._environment.name,
                release=name,
                outcome=result.outcome,
                revision=result.revision,
                elapsed=elapsed,
                before=before,
                after=after,
                reasons=result.reasons,
                kept_revision=result.kept_revision,
                rollback_elapsed=result.rollback_elapsed,
                where=result.error.where if result.error else None,
            )
        )
        return result.outcome

    def finish(self) -> None:
        """The closing word of a whole run."""
        self.result.deployment = self._log.reference
        bad = sorted(name for name, r in self.result.results.items() if r.outcome.is_bad)
        again = f"fairway apply {self._environment.name} -r {','.join(bad)}"
        self._report(
            RunFinished(
                environment=self._environment.name,
                counts=self.result.counts,
                elapsed=self.result.elapsed,
                deployment=self.result.deployment,
                next_steps=(("try again", again),) if bad else (),
                exit_code=self.result.exit_code,
            )
        )

    def interrupted(self, names: Sequence[str], only: Iterable[str]) -> None:
        """Say what was under way, and how many were not begun; the next apply goes on where this one stopped."""
        self.result.deployment = self._log.reference
        now = asyncio.get_running_loop().time()
        counts = self.result.counts
        for name in names:
            if name in self.result.results:
                continue
            if name not in self._begun:
                counts[Outcome.SKIPPED] += 1
                continue
            self.settle(name, Result(Outcome.INTERRUPTED), now - self._begun[name], expected=Action.NOTHING)
            counts[Outcome.INTERRUPTED] += 1
        chosen = f" -r {','.join(sorted(only))}" if only else ""
        self._report(
            RunFinished(
                environment=self._environment.name,
                counts=counts,
                elapsed=self.result.elapsed,
                deployment=self.result.deployment,
                next_steps=(("go on", f"fairway apply {self._environment.name}{chosen}"),),
                exit_code=INTERRUPTED,
                interrupted=True,
            )
        )


def _version(chart: Mapping[str, object]) -> str:
    metadata = chart.get("metadata")
    return str(metadata.get("version", "")) if isinstance(metadata, Mapping) else ""
