"""One environment, from declared releases to results: who waits for whom, how many at once, who is stopped by whom.

Every release goes through its own small pipeline (inputs, plan, carry out) as soon as what it needs is done, so the
cluster is busy while others are still being rendered. A failure stops only those who need it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from fairway.domain.charts.rendering import Capabilities
from fairway.domain.errors import FairwayError, InvalidInput, Refused
from fairway.domain.progress import Outcome, PhaseKind, Reporter
from fairway.domain.releases import notes
from fairway.domain.releases.ordering import with_needs
from fairway.domain.releases.revision import Status
from fairway.domain.releases.state import Action
from fairway.domain.repository.models import Environment, Release
from fairway.domain.suspensions.suspension import in_words
from fairway.services.engine.carrying import Result, carry_out
from fairway.services.engine.inputs import ReleaseInputs, refreshed
from fairway.services.engine.namespaces import ensure_namespace
from fairway.services.engine.narrating import PHASES, Narration
from fairway.services.engine.needing import NeededHealth, check_versions
from fairway.services.engine.permitting import check_removals, check_suspended
from fairway.services.engine.planning import Planned, plan_release
from fairway.services.engine.plans import kept_releases, unwanted_releases
from fairway.services.engine.recording import ChangeLog
from fairway.services.engine.removing import remove_release
from fairway.services.engine.run_options import RunOptions
from fairway.services.engine.run_result import RunResult
from fairway.services.engine.session import Session
from fairway.services.engine.snapshot import Snapshot

Gather = Callable[[Release, Capabilities], Awaitable[ReleaseInputs]]


class EnvironmentRun:
    """Applies one environment once."""

    def __init__(
        self,
        session: Session,
        environment: Environment,
        gather: Gather,
        *,
        options: RunOptions,
        report: Reporter,
        log: ChangeLog,
    ) -> None:
        self._session = session
        self._environment = environment
        self._gather = gather
        self._options = options
        self._log = log
        self._tell = Narration(environment, report, log, session.mask)
        self._room = asyncio.Semaphore(options.concurrency)
        self._snapshot = Snapshot.of(
            session, environment, options.looked_at(environment), even_suspended=options.plan.even_suspended
        )
        self._needed = NeededHealth(session, self._snapshot)
        self._gathered: dict[str, ReleaseInputs | FairwayError] = {}

    @property
    def result(self) -> RunResult:
        """What came of it so far."""
        return self._tell.result

    async def apply(self) -> RunResult:
        """Carry out everything that the environment declares. Raises only what concerns the whole environment.

        Raises `Refused` before anything is touched when more releases would go than the policy allows. Cancellation
        passes through after it was reported what was under way.
        """
        clock = asyncio.get_running_loop().time
        started = clock()
        warned = dict(self._session.kube.warnings)
        await self._snapshot.open()
        chosen = self._options.chosen(self._environment)
        unwanted = self._unwanted()
        check_suspended(self._environment, self._snapshot, self._options.named)
        check_removals(self._environment, unwanted, allowed=self._options.allow_deletions)
        self._snapshot.leaving = frozenset(unwanted)
        active = [r for r in chosen if not self._snapshot.suspension(r.name)]
        await self._gather_all(active)
        self._tell.announce(
            [self._expected(r.name) for r in active],
            [*(release.name for release in chosen), *unwanted],
            unwanted=len(unwanted),
            suspended=len(chosen) - len(active),
            commit=self._options.commit,
            subject=self._options.subject,
            dirty=self._options.dirty,
        )
        try:
            await ensure_namespace(self._session.kube, self._snapshot)
            await self._each_in_turn(chosen)
            for name in unwanted:
                await self._remove(name)
        except asyncio.CancelledError:
            self.result.elapsed = clock() - started
            self._tell.interrupted([*(r.name for r in chosen), *unwanted], self._options.only)
            raise
        self.result.elapsed = clock() - started
        self._tell.warned({t: n for t, n in self._session.kube.warnings.items() if n > warned.get(t, 0)})
        self._tell.finish()
        return self.result

    async def _each_in_turn(self, chosen: Sequence[Release]) -> None:
        done: dict[str, asyncio.Task[Outcome]] = {}
        needs = with_needs([r.name for r in chosen], {r.name: [n.release for n in r.needs] for r in chosen})
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for release in chosen:
                task = group.create_task(self._in_turn(release, needs[release.name], done, ready), name=release.name)
                done[release.name] = task
            ready.set()

    def _unwanted(self) -> list[str]:
        if not self._options.prunes:
            return []
        source = self._options.plan.source
        for name, why in kept_releases(self._environment, self._snapshot, source).items():
            self._tell.notice(f"no longer declared, and left alone: {in_words(why)}", name)
        return unwanted_releases(self._environment, self._snapshot, source)

    async def _gather_all(self, releases: Sequence[Release]) -> None:
        """Inputs of all releases. One that fails now may succeed in its turn, when it reads another one's output."""

        async def one(release: Release) -> None:
            try:
                async with self._room:
                    self._gathered[release.name] = await self._gather(release, self._snapshot.capabilities)
            except FairwayError as error:
                self._gathered[release.name] = error

        await asyncio.gather(*(one(release) for release in releases))
        mistakes = [e for e in self._gathered.values() if isinstance(e, InvalidInput)]
        if mistakes:
            raise InvalidInput([d for mistake in mistakes for d in mistake.diagnostics])
        check_versions(i for i in self._gathered.values() if isinstance(i, ReleaseInputs))

    def _expected(self, name: str) -> Action:
        """What will probably be done, for the headline; the plan of each release has the last word."""
        if self._snapshot.suspension(name):
            return Action.NOTHING
        latest, inputs = self._snapshot.latest(name), self._gathered.get(name)
        if inputs is None:
            return Action.UNINSTALL
        if latest is None or latest.status is Status.UNINSTALLED:
            return Action.INSTALL
        same = isinstance(inputs, ReleaseInputs) and latest.notes_to_self.get(notes.INPUTS) == inputs.digest
        return Action.NOTHING if same and latest.status is Status.DEPLOYED else Action.UPGRADE

    async def _in_turn(
        self, release: Release, needs: Sequence[str], done: Mapping[str, asyncio.Task[Outcome]], ready: asyncio.Event
    ) -> Outcome:
        if found := self._snapshot.suspension(release.name):
            latest = self._snapshot.latest(release.name)
            alone = Result(Outcome.SUSPENDED, latest.version if latest else 0, (in_words(found),))
            return self._settle(release.name, alone, 0.0)
        await ready.wait()
        waiting_for = [need for need in needs if not done[need].done()]
        if waiting_for:
            self._tell.phase(release.name, PhaseKind.QUEUED, f"for {', '.join(waiting_for)}")
        outcomes = {need: await done[need] for need in needs}
        failed = [need for need, outcome in outcomes.items() if outcome.is_bad]
        if failed:
            return self._settle(release.name, Result(Outcome.SKIPPED, reasons=(f"needs {', '.join(failed)}",)), 0.0)
        async with self._room:
            clock = asyncio.get_running_loop().time
            started = clock()
            result, plan = await self._one(release, outcomes)
            return self._settle(release.name, result, clock() - started, plan)

    async def _one(self, release: Release, needs: Mapping[str, Outcome]) -> tuple[Result, Planned | None]:
        again = any(not outcome.is_quiet for outcome in needs.values())
        try:
            plan = await self._session.backoff.persist(
                lambda *_: self._plan(release, again=again),
                retries=max(1, release.policy.retries),
                say=lambda text: self._tell.phase(release.name, PhaseKind.QUEUED, text),
            )
            if plan.change is not None and plan.action is not Action.CORRECT:
                unmet = await self._unmet(release, [need for need in needs if needs[need].is_quiet])
                if unmet:
                    return Result(Outcome.SKIPPED, reasons=unmet), None
        except FairwayError as error:
            refused = error.exit_code == Refused.exit_code
            reasons = (str(error), *((error.fix,) if error.fix else ()))
            return Result(Outcome.REFUSED if refused else Outcome.FAILED, reasons=reasons, error=error), None
        except Exception as error:
            return self._bug(error), None
        if plan.change is None:
            if plan.drifted:
                names = ", ".join(str(ref) for ref in plan.drifted)
                text = f"changed in the cluster, and left so by policy: {names}"
                self._tell.notice(text, release.name)
            return await self._carry(plan), plan
        self._tell.begin(plan.name, plan.action, plan)
        change_id = self._log.opening(plan)
        if change_id:
            marked = {**plan.change.notes_to_self, notes.DEPLOYMENT: change_id}
            plan = replace(plan, change=replace(plan.change, notes_to_self=marked))
        result = Result(Outcome.INTERRUPTED, reasons=("interrupted; apply again to go on",))
        try:
            result = await self._carry(plan)
        finally:
            self._log.closing(change_id, plan, result)
        return result, plan

    async def _unmet(self, release: Release, unchanged: Sequence[str]) -> tuple[str, ...]:
        """Why a release must not change yet: what it needs was left as it is, and is not healthy."""
        for name in unchanged:

            def say(text: str, name: str = name) -> None:
                self._tell.phase(release.name, PhaseKind.QUEUED, f"for {name}: {text}")

            needed = self._environment.release(name)
            if needed is not None and (reasons := await self._needed.reasons(needed, say)):
                return reasons
        return ()

    async def _plan(self, release: Release, *, again: bool) -> Planned:
        inputs = self._gathered[release.name]
        if isinstance(inputs, FairwayError) or (again and _reads_outputs(release)):
            inputs = await self._gather(release, self._snapshot.capabilities)
        elif again:
            inputs = refreshed(inputs, self._snapshot.capabilities)
        return await plan_release(self._session, self._snapshot, inputs, self._options.plan)

    async def _carry(self, plan: Planned) -> Result:
        try:
            return await carry_out(
                self._session,
                self._snapshot,
                plan,
                self._options.plan,
                lambda phase, detail: self._tell.phase(plan.name, PHASES.get(phase, PhaseKind.APPLYING), detail),
                allow_deletions=self._options.allow_deletions,
            )
        except Exception as error:
            return self._bug(error)

    def _bug(self, error: Exception) -> Result:
        """Nobody foresaw this: it is the failure of one release, and the others go on."""
        self.result.bugs.append(error)
        return Result(Outcome.FAILED, reasons=(f"a mistake in Fairway itself: {type(error).__name__}",))

    async def _remove(self, name: str) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        heirs = {heir for heir in self._snapshot.heirs[name].values() if self.result.results[heir].outcome.is_bad}
        if heirs:
            why = f"{', '.join(sorted(heirs))} takes over its objects, and did not succeed: it stays until then"
            self._settle(name, Result(Outcome.SKIPPED, reasons=(why,)), 0.0)
            return
        self._tell.begin(name, Action.UNINSTALL)
        result = await remove_release(
            self._session,
            # A fresh look: others may own now what it had when this run began.
            await self._snapshot.anew(),
            name,
            timeout=timedelta(minutes=5),
            on_phase=lambda _, detail: self._tell.phase(name, PhaseKind.UNINSTALLING, detail),
            log=self._log,
        )
        self._settle(name, result, clock() - started)

    def _settle(self, name: str, result: Result, elapsed: float, plan: Planned | None = None) -> Outcome:
        return self._tell.settle(name, result, elapsed, expected=self._expected(name), plan=plan)


def _reads_outputs(release: Release) -> bool:
    return any(v.value_from is not None and v.value_from.kind == "output" for v in release.values)
