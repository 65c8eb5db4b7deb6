"""One call of `fairway apply` over its environments: each in its own section, and none stops the others.

The rule not to break: whatever happens in one environment, what was done in all of them is told, as text and as JSON.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.errors import FairwayError, Transient
from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.errors import show_error, warn
from fairway.entrypoints.cli.notifying import Telling, notifying
from fairway.entrypoints.cli.options import file_words, with_file
from fairway.entrypoints.cli.running import INTERRUPTED
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.adapters.git.facts import GitFacts
    from fairway.domain.deployments.record import Run
    from fairway.domain.progress import Event, Reporter
    from fairway.domain.repository.models import Environment, Repository
    from fairway.services.charts import Charts
    from fairway.services.engine.run_result import RunResult
    from fairway.services.recording.recorder import Recorder


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What the command line asks for, beside the environments."""

    releases: tuple[str, ...] = ()
    wait: bool = True
    timeout: float | None = None
    concurrency: int = 16
    allow_deletions: bool = False
    take_over: bool = False
    force: bool = False
    engine: str = "sdk"
    quiet: bool = False
    output: str = "text"
    even_suspended: bool = False
    notify: bool = False


@dataclass(slots=True)
class Ended:
    """How one environment ended; `error` is why it could not be run at all."""

    environment: Environment
    result: RunResult | None = None
    error: FairwayError | None = None
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        if self.interrupted:
            return INTERRUPTED
        if self.error is not None:
            return self.error.exit_code
        return self.result.exit_code if self.result is not None else 0


@dataclass(frozen=True, slots=True)
class Call:
    """What all environments of one call share."""

    settings: Settings
    repository: Repository
    options: ApplyOptions
    facts: GitFacts
    charts: Charts
    recorder: Recorder
    run: Run
    report: Reporter
    telling: Telling
    source: str
    """Which repository this is."""


async def apply_environments(
    settings: Settings, repository: Repository, environments: Sequence[Environment], options: ApplyOptions
) -> int:
    """Apply them one after the other; the exit code of the call."""
    from fairway import wiring
    from fairway.adapters.git.facts import read_git_facts
    from fairway.entrypoints.cli.output import emit
    from fairway.entrypoints.cli.render.progress import form_for, reporting

    chosen = chosen_releases(environments, options.releases)
    facts = await read_git_facts(Path(repository.root))
    source = wiring.repository_source(repository, facts)
    form = form_for(
        sys.stderr,
        in_github_actions=settings.in_github_actions,
        quiet=options.quiet,
        terminal=os.environ.get("TERM", ""),
    )
    ended: list[Ended] = []
    async with wiring.recorder(settings, warn) as recorder:
        run = wiring.begin_run(recorder, settings, facts, "apply")
        with reporting(sys.stderr, form=form, color=settings.color, quiet=options.quiet) as report:
            async with (
                notifying(
                    settings, Path(repository.environments_file), wanted=options.notify, remote=facts.remote
                ) as telling,
                wiring.chart_service(settings, repository.helm_repos, notices=ChartNotices()) as charts,
            ):
                call = Call(
                    settings, repository, options, facts, charts, recorder, run, with_file(report), telling, source
                )
                for environment, only in chosen:
                    ended.append(await _one(call, environment, only, away=_away(ended)))
                    if ended[-1].interrupted:
                        break
        if options.output != "text":
            emit(document(ended), options.output)
    if bugs := [bug for one in ended if one.result is not None for bug in one.result.bugs]:
        raise bugs[0]
    return exit_code(ended)


def chosen_releases(
    environments: Sequence[Environment], names: Sequence[str]
) -> list[tuple[Environment, frozenset[str]]]:
    """Which releases of which environments; environments that have none of them are left out.

    Raises `UserError` for a name that none of the environments declares.
    """
    from fairway.services.choosing import choose_releases

    if not names:
        return [(environment, frozenset()) for environment in environments]
    declared = {environment.name: {r.name for r in environment.releases} for environment in environments}
    for name in names:
        if not any(name in known for known in declared.values()):
            choose_releases(environments[0], [name])
    chosen = [(environment, frozenset(names) & declared[environment.name]) for environment in environments]
    return [(environment, only) for environment, only in chosen if only]


def exit_code(ended: Sequence[Ended]) -> int:
    """Of several environments: interrupted, else 1 when a change failed, else the highest."""
    codes = {one.exit_code for one in ended}
    return next((code for code in (INTERRUPTED, 1) if code in codes), max(codes, default=0))


def _away(ended: Sequence[Ended]) -> dict[str, str]:
    """Clusters that did not answer, each with the environment that found out: nobody waits for them twice."""
    return {one.environment.cluster.name: one.environment.name for one in ended if isinstance(one.error, Transient)}


async def _one(call: Call, environment: Environment, only: frozenset[str], *, away: dict[str, str]) -> Ended:
    ended = Ended(environment)
    told = call.telling.beside(call.report, environment)
    begun = False

    def report(event: Event) -> None:
        nonlocal begun
        begun = True
        told(event)

    try:
        if first := away.get(environment.cluster.name):
            raise Transient(f"not begun: it is in the same cluster as {first}")
        await _run(call, ended, only, report)
    except FairwayError as error:
        ended.error = error
        call.telling.not_run(environment, error)
        show_error(error, about=environment.name)
    except asyncio.CancelledError:
        ended.interrupted = True
        if not begun:
            again = f"fairway apply {environment.name}{file_words()}"
            click.echo(f"{environment.name}: interrupted before anything was changed; go on: {again}", err=True)
    return ended


async def _run(call: Call, ended: Ended, only: frozenset[str], report: Reporter) -> None:
    from fairway import wiring
    from fairway.services.engine.planning import PlanOptions
    from fairway.services.engine.run_options import RunOptions
    from fairway.services.engine.running import EnvironmentRun

    options, facts = call.options, call.facts
    environment = _adjusted(ended.environment, options)
    run_options = RunOptions(
        plan=PlanOptions(
            retry_stalled=True,
            take_over=options.take_over,
            force=options.force,
            even_suspended=options.even_suspended,
            source=call.source,
        ),
        only=only,
        named=only,
        concurrency=options.concurrency,
        allow_deletions=options.allow_deletions,
        commit=facts.commit,
        subject=facts.subject,
        dirty=facts.dirty,
    )
    async with wiring.open_environment(
        call.settings, call.repository, environment, call.charts, engine=options.engine
    ) as opened:
        log = wiring.change_log(call.settings, call.recorder, call.run, environment, opened.secrets)
        work = EnvironmentRun(opened.session, environment, opened.gather, options=run_options, report=report, log=log)
        ended.result = work.result
        await work.apply()


def _adjusted(environment: Environment, options: ApplyOptions) -> Environment:
    """The environment with the command line's own wait and timeout."""
    if options.wait and options.timeout is None:
        return environment
    timeout = timedelta(seconds=options.timeout) if options.timeout is not None else None
    releases = tuple(
        replace(r, wait=r.wait and options.wait, timeout=timeout or r.timeout) for r in environment.releases
    )
    return replace(environment, releases=releases)


def document(ended: Sequence[Ended]) -> dict[str, Any]:
    """The contract of `--output json`: docs/spec/schemas/apply.schema.json."""
    return {
        "apiVersion": "fairway.dev/v1",
        "kind": "ApplyResult",
        "exitCode": exit_code(ended),
        "environments": [_environment(one) for one in ended],
    }


def _environment(ended: Ended) -> dict[str, Any]:
    environment, result = ended.environment, ended.result
    data: dict[str, Any] = {
        "name": environment.name,
        "cluster": environment.cluster.name,
        "namespace": environment.namespace,
        "exitCode": ended.exit_code,
        "interrupted": ended.interrupted,
        "elapsedSeconds": round(result.elapsed, 3) if result is not None else None,
        "deployment": result.deployment if result is not None else "",
        "releases": [],
    }
    if ended.error is not None:
        error = ended.error
        where = str(error.where) if error.where else None
        data["error"] = {"message": error.message, "where": where, "fix": error.fix}
    if result is not None:
        place = {release.name: n for n, release in enumerate(environment.releases)}
        data["releases"] = [
            {
                "name": name,
                "outcome": one.outcome.value,
                "revision": one.revision or None,
                "reasons": list(one.reasons),
                "keptRevision": one.kept_revision or None,
                "changed": [str(ref) for ref in one.changed],
                "deleted": [str(ref) for ref in one.deleted],
            }
            for name, one in sorted(result.results.items(), key=lambda item: place.get(item[0], len(place)))
        ]
    return data
