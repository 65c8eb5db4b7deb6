"""Rollback, uninstall and test of one release by name: with progress, in the ledger, through the same engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from fairway.domain.errors import FairwayError, UserError
from fairway.domain.progress import (
    Outcome,
    Phase,
    PhaseKind,
    ReleaseFinished,
    ReleaseStarted,
    Reporter,
    RunFinished,
    RunStarted,
)
from fairway.domain.releases.revision import HookEvent, RevisionSummary, Status
from fairway.domain.releases.state import Action, ReleaseState
from fairway.domain.repository.models import Policy, Release
from fairway.services.engine.carrying import Result
from fairway.services.engine.change import ChangeFailed
from fairway.services.engine.deploying import deploy
from fairway.services.engine.hooks import HookFailed
from fairway.services.engine.opened import OpenEnvironment
from fairway.services.engine.planning import Planned
from fairway.services.engine.recording import ChangeLog
from fairway.services.engine.recovering import abandoned, close_abandoned
from fairway.services.engine.removing import remove_release
from fairway.services.engine.rolling_back import pick_target, plan_rollback
from fairway.services.engine.testing import run_tests

INTERRUPTED = 130
"""Exit code of what was cancelled: 128 + SIGINT, as shells have it."""

OnPhase = Callable[[str, str], None]

KINDS = {
    "hooks": PhaseKind.HOOKS,
    "applying": PhaseKind.APPLYING,
    "waiting": PhaseKind.WAITING,
    "deleting": PhaseKind.UNINSTALLING,
    "testing": PhaseKind.TESTING,
}
DEFAULT_TIMEOUT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Verbs:
    """What can be done to a stored release, declared or not. Results carry what went wrong; progress is reported."""

    opened: OpenEnvironment
    report: Reporter
    log: ChangeLog

    async def rollback(
        self, name: str, version: int | None, *, wait: bool, timeout: timedelta | None, take_over: bool = False
    ) -> Result:
        """Go back to `version`, or to the newest earlier one that was deployed. `take_over`: also from a writer that
        is known to be dead."""
        declared = self.opened.environment.release(name)
        limit = timeout or (declared.timeout if declared else DEFAULT_TIMEOUT)

        async def work(on_phase: OnPhase) -> Result:
            snapshot = await self.opened.look()
            session = self.opened.session
            target = await pick_target(session, snapshot, name, version)
            left = abandoned(session, snapshot.latest(name), take_over=take_over, verb="rollback")
            policy = declared.policy if declared else Policy()
            health = declared.health if declared else ()
            change = await plan_rollback(
                session, snapshot, target, policy=policy, timeout=limit, wait=wait, health=health
            )
            plan = Planned(
                name,
                snapshot.namespace,
                ReleaseState.OUTDATED,
                Action.ROLLBACK,
                change=change,
                latest=snapshot.latest(name),
                previous=change.predecessors[0] if change.predecessors else None,
            )
            change_id = self.log.opening(plan)
            result = Result(Outcome.INTERRUPTED, reasons=("interrupted; roll back again to go on",))
            try:
                await close_abandoned(session, left)
                done = await deploy(session, change, on_phase)
                reasons = (f"content of revision {target.version}",)
                result = Result(Outcome.ROLLED_BACK, done.revision.version, reasons, deleted=done.deleted)
            except ChangeFailed as error:
                result = Result(Outcome.FAILED, change.version, (error.message, *error.lines), error=error)
            finally:
                self.log.closing(change_id, plan, result)
            return result

        return await self._reported(name, "rollback", Action.ROLLBACK, work)

    async def uninstall(
        self,
        name: str,
        *,
        keep_history: bool,
        no_hooks: bool,
        wait: bool,
        timeout: timedelta | None,
        take_over: bool = False,
    ) -> Result:
        """Take a release out of the cluster."""

        async def work(on_phase: OnPhase) -> Result:
            snapshot = await self.opened.look()
            latest = snapshot.latest(name)
            if latest is None or latest.status is Status.UNINSTALLED:
                there = [n for n in snapshot.release_names if _is_there(snapshot.latest(n))]
                known = ", ".join(there) or "none"
                raise UserError(
                    f"there is no release {name} in namespace {snapshot.namespace}", fix=f"there are: {known}"
                )
            return await remove_release(
                self.opened.session,
                snapshot,
                name,
                timeout=timeout or DEFAULT_TIMEOUT,
                on_phase=on_phase,
                log=self.log,
                keep_history=keep_history,
                no_hooks=no_hooks,
                wait=wait,
                take_over=take_over,
            )

        return await self._reported(name, "uninstall", Action.UNINSTALL, work)

    async def test(self, name: str, *, timeout: timedelta | None) -> Result:
        """Run the tests of the deployed revision, as `helm test` does."""
        declared: Release | None = self.opened.environment.release(name)

        async def work(on_phase: OnPhase) -> Result:
            snapshot = await self.opened.look()
            summary = snapshot.deployed(name)
            revision = (
                await self.opened.session.store.read(summary.namespace, summary.name, summary.version)
                if summary
                else None
            )
            if revision is None:
                raise UserError(f"release {name} has no deployed revision to test", fix="see: fairway status")
            tests = [h for h in revision.hooks if HookEvent.TEST in h.events]
            if not tests:
                return Result(Outcome.TESTED, revision.version, (f"{revision.chart_label} has no tests",))
            hooks = revision.hooks
            try:
                hooks = await run_tests(
                    self.opened.session,
                    name,
                    snapshot.namespace,
                    revision.hooks,
                    timeout=timeout or (declared.timeout if declared else DEFAULT_TIMEOUT),
                    on_progress=lambda text: on_phase("testing", text),
                )
            except HookFailed as error:
                hooks = error.hooks
                return Result(Outcome.FAILED, revision.version, (error.message, *error.lines), error=error)
            finally:
                # `helm status` tells when a release was tested, and how that went.
                if hooks is not revision.hooks:
                    await self.opened.session.store.update(replace(revision, hooks=hooks))
            return Result(Outcome.TESTED, revision.version, (f"{len(tests)} tests",))

        return await self._reported(name, "test", Action.TEST, work)

    async def _reported(
        self, name: str, operation: str, action: Action, work: Callable[[OnPhase], Awaitable[Result]]
    ) -> Result:
        environment = self.opened.environment
        clock = asyncio.get_running_loop().time
        started = clock()
        self.report(
            RunStarted(
                environment.name,
                environment.cluster.name,
                environment.namespace,
                (name,),
                operation=operation,
                counts={action: 1},
            )
        )
        self.report(ReleaseStarted(environment.name, name, action))

        def on_phase(phase: str, detail: str) -> None:
            self.report(Phase(environment.name, name, KINDS.get(phase, PhaseKind.APPLYING), detail))

        try:
            result = await work(on_phase)
        except FairwayError as error:
            outcome = Outcome.REFUSED if isinstance(error, UserError) else Outcome.FAILED
            result = Result(outcome, reasons=(str(error), *((error.fix,) if error.fix else ())), error=error)
        except asyncio.CancelledError:
            self._interrupted(name, operation, clock() - started)
            raise
        result = replace(result, reasons=tuple(self.opened.session.mask(line) for line in result.reasons))
        elapsed = clock() - started
        self.report(
            ReleaseFinished(environment.name, name, result.outcome, result.revision, elapsed, reasons=result.reasons)
        )
        code = exit_code(result)
        self.report(
            RunFinished(environment.name, {result.outcome: 1}, elapsed, deployment=self.log.reference, exit_code=code)
        )
        return result

    def _interrupted(self, name: str, operation: str, elapsed: float) -> None:
        environment = self.opened.environment.name
        self.report(ReleaseFinished(environment, name, Outcome.INTERRUPTED, elapsed=elapsed))
        again = f"fairway {operation} {environment} {name}"
        self.report(
            RunFinished(
                environment,
                {Outcome.INTERRUPTED: 1},
                elapsed,
                deployment=self.log.reference,
                next_steps=(("once more", again), ("look", f"fairway status {environment} -r {name}")),
                exit_code=INTERRUPTED,
                interrupted=True,
            )
        )


def _is_there(latest: RevisionSummary | None) -> bool:
    return latest is not None and latest.status is not Status.UNINSTALLED


def exit_code(result: Result) -> int:
    """0 when it went well, else what the error that ended it asks for."""
    if not result.outcome.is_bad:
        return 0
    return result.error.exit_code if result.error is not None else 1
