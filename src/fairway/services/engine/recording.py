"""Every change of a run, in the ledger: opened before anything is touched, closed with its outcome."""

from __future__ import annotations

from typing import Protocol

from fairway.domain.deployments.record import Change as Requested
from fairway.domain.deployments.record import ChangeKind, PlanSummary, Run
from fairway.domain.deployments.status import State
from fairway.domain.progress import Outcome
from fairway.domain.releases.plan import ObjectAction
from fairway.domain.releases.state import Action
from fairway.domain.values.secrets import SecretRegister
from fairway.services.engine.carrying import Result
from fairway.services.engine.planning import Planned
from fairway.services.recording.recorder import Recorder

QUIET = (ObjectAction.UNCHANGED, ObjectAction.KEEP)

STATES = {
    Outcome.FAILED: State.FAILURE,
    Outcome.INTERRUPTED: State.FAILURE,
    Outcome.REFUSED: State.ERROR,
    Outcome.SKIPPED: State.ERROR,
}


class ChangeLog(Protocol):
    """Where changes are written down, before and after."""

    @property
    def reference(self) -> str:
        """Under which id people find what was written so far; empty when nothing was."""
        ...

    def opening(self, plan: Planned) -> str:
        """A change is about to begin; returns the id under which it is known."""
        ...

    def closing(self, change_id: str, plan: Planned, result: Result) -> None:
        """The change ended."""
        ...

    def not_begun(self, release: str, namespace: str, action: Action, result: Result) -> None:
        """Asked for, and nothing was touched: refused, stopped by another one's failure, or not to be planned."""
        ...


class NoLog:
    """Writes nothing down: for planning, and for tests that look elsewhere."""

    reference = ""

    def opening(self, plan: Planned) -> str:
        return ""

    def closing(self, change_id: str, plan: Planned, result: Result) -> None:
        return None

    def not_begun(self, release: str, namespace: str, action: Action, result: Result) -> None:
        return None


class LedgerLog:
    """Writes to the ledger through a recorder; texts are masked on the way."""

    def __init__(
        self,
        recorder: Recorder,
        run: Run,
        *,
        environment: str,
        cluster: str,
        secrets: SecretRegister,
        findable: bool = True,
    ) -> None:
        self._recorder = recorder
        self._run = run
        self._environment = environment
        self._cluster = cluster
        self._secrets = secrets
        self._findable = findable
        self._opened: list[str] = []

    @property
    def reference(self) -> str:
        """The one deployment, or the run when there are several."""
        if not self._findable:
            return ""
        return self._opened[0] if len(self._opened) == 1 else self._run.id if self._opened else ""

    def opening(self, plan: Planned) -> str:
        chart = _metadata(plan.change.content.chart if plan.change else {})
        before = _metadata(plan.previous.chart if plan.previous else {})
        requested = Requested(
            environment=self._environment,
            release=plan.name,
            action=ChangeKind(plan.action.value if plan.action is not Action.NOTHING else ChangeKind.UPGRADE),
            cluster=self._cluster,
            namespace=plan.namespace,
            chart=chart.get("name", ""),
            chart_version=chart.get("version", ""),
            chart_version_before=before.get("version", ""),
            revision_before=plan.latest.version if plan.latest else None,
            inputs_digest=plan.inputs.digest if plan.inputs else "",
            plan=PlanSummary.of((o.action.value, str(o.ref)) for o in plan.objects if o.action not in QUIET),
        )
        (deployment,) = self._recorder.open(self._run, [requested])
        self._recorder.started(deployment.id)
        self._opened.append(deployment.id)
        return deployment.id

    def closing(self, change_id: str, plan: Planned, result: Result) -> None:
        state = STATES.get(result.outcome, State.SUCCESS)
        text = self._secrets.mask("\n".join(result.reasons))
        self._recorder.finished(change_id, state, description=text, revision=result.revision or None)
        if result.kept_revision:
            back = f"back to revision {result.kept_revision}"
            self._recorder.finished(change_id, State.ROLLED_BACK, description=back, revision=result.revision or None)

    def not_begun(self, release: str, namespace: str, action: Action, result: Result) -> None:
        requested = Requested(
            environment=self._environment,
            release=release,
            action=ChangeKind(action.value if action is not Action.NOTHING else ChangeKind.UPGRADE),
            cluster=self._cluster,
            namespace=namespace,
        )
        (deployment,) = self._recorder.open(self._run, [requested])
        self._opened.append(deployment.id)
        text = self._secrets.mask("\n".join(result.reasons))
        self._recorder.finished(deployment.id, State.ERROR, description=text)


def _metadata(chart: object) -> dict[str, str]:
    metadata = chart.get("metadata") if hasattr(chart, "get") else None
    return {k: str(v) for k, v in metadata.items()} if isinstance(metadata, dict) else {}
