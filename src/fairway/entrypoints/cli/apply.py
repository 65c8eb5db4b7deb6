"""`fairway apply`: carry out what Git declares, with live progress, and wait until it is healthy."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import Refused
from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.options import (
    chosen,
    cluster_option,
    environment_argument,
    environments_file_option,
    loaded,
    releases_option,
)
from fairway.entrypoints.cli.running import engine_option, run_async
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.adapters.git.facts import GitFacts
    from fairway.domain.progress import Reporter
    from fairway.domain.repository.models import Environment, Repository
    from fairway.services.charts import Charts
    from fairway.services.engine.running import RunResult
    from fairway.services.recording.recorder import Recorder


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    releases: tuple[str, ...]
    wait: bool
    timeout: float | None
    concurrency: int
    allow_deletions: bool
    take_over: bool
    force: bool
    engine: str
    quiet: bool
    output: str


@click.command()
@environment_argument
@cluster_option
@releases_option
@environments_file_option
@click.option("--dry-run", "-n", is_flag=True, help="Show what would change, and change nothing: fairway plan.")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), help="Apply exactly this plan.")
@click.option("--init", "init_first", is_flag=True, help="First write kube contexts, as fairway init does.")
@click.option("--gitlab", is_flag=True, help="Take the kubeconfig from the GitLab CI environment.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it is healthy.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Instead of each release's own timeout.")
@click.option("--concurrency", "-j", type=click.IntRange(1, 200), default=16, show_default=True)
@click.option("--allow-deletions", is_flag=True, help="Delete more than the policy's limits allow.")
@click.option("--take-over", is_flag=True, help="Take over releases whose writer is known to be dead.")
@click.option("--force", is_flag=True, help="Store a new revision also where nothing changed.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask, also for protected environments.")
@click.option("--quiet", "-q", is_flag=True, help="Only failures and the closing line.")
@click.option("--output", "-o", type=click.Choice(["text", "json", "yaml"]), default="text", show_default=True)
@engine_option
def apply(
    environment: str | None,
    cluster: str | None,
    releases: tuple[str, ...],
    environments_file: Path,
    dry_run: bool,
    plan_file: Path | None,
    init_first: bool,
    gitlab: bool,
    no_wait: bool,
    timeout: float | None,
    concurrency: int,
    allow_deletions: bool,
    take_over: bool,
    force: bool,
    yes: bool,
    quiet: bool,
    output: str,
    engine: str,
) -> int:
    """Carry out what Git declares in ENV, and wait until it is healthy.

    Only releases whose inputs changed, or that were changed in the cluster, are touched. An upgrade that fails is
    rolled back, unless the release's policy says otherwise. What is no longer declared is uninstalled, within limits.

    \b
    Examples:
      fairway apply prod                      everything in prod
      fairway apply prod -r web,orders        these two
      fairway apply -c eu-1                   all environments of a cluster
      fairway apply prod -n                   what would change
      fairway apply --plan plan.json          exactly what was planned, or nothing

    \b
    Exit codes: 0 all well, 1 a release failed, 2 a mistake in the files, 3 refused, 4 the cluster did not answer.
    """
    settings = load_settings()
    if dry_run:
        from fairway.entrypoints.cli.plan import plan

        return int(
            click.get_current_context().invoke(
                plan,
                environment=environment,
                cluster=cluster,
                releases=releases,
                environments_file=environments_file,
                engine=engine,
            )
            or 0
        )
    if plan_file is not None:
        from fairway.entrypoints.cli.saved_plans import apply_saved

        return apply_saved(settings, plan_file, environments_file, environment, yes=yes, quiet=quiet)
    repository = loaded(environments_file)
    environments = chosen(repository, environment, cluster)
    if init_first or gitlab:
        from fairway.entrypoints.cli.init import write_contexts

        write_contexts(repository, environments, gitlab=gitlab)
    for one in environments:
        confirm_protected(one, yes=yes)
    options = ApplyOptions(
        releases, not no_wait, timeout, concurrency, allow_deletions, take_over, force, engine, quiet, output
    )
    return run_async(_apply_all(settings, repository, environments, options), again="fairway apply")


def confirm_protected(environment: Environment, *, yes: bool) -> None:
    """A protected environment asks for its name; `Refused` where nobody can answer."""
    if not environment.protected or yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"environment {environment.name} is protected", fix="in scripts: --yes")
    answer = click.prompt(f"{environment.name} is protected; type its name to go on", err=True)
    if answer.strip() != environment.name:
        raise Refused(f"environment {environment.name} is protected, and its name was not given")


async def _apply_all(
    settings: Settings, repository: Repository, environments: tuple[Environment, ...], options: ApplyOptions
) -> int:
    from fairway import wiring
    from fairway.adapters.git.facts import read_git_facts
    from fairway.entrypoints.cli.output import emit
    from fairway.entrypoints.cli.render.progress import form_for, reporting

    facts = await read_git_facts(Path(repository.root))
    form = form_for(
        sys.stderr,
        in_github_actions=settings.in_github_actions,
        quiet=options.quiet,
        terminal=os.environ.get("TERM", ""),
    )
    results: list[RunResult] = []
    async with wiring.recorder(settings, warn) as recorder:
        with reporting(sys.stderr, form=form, color=settings.color, quiet=options.quiet) as report:
            async with wiring.chart_service(settings, repository.helm_repos, notices=ChartNotices()) as charts:
                for environment in environments:
                    result = await _apply_one(
                        settings, repository, environment, options, charts, recorder, facts, report
                    )
                    results.append(result)
        if options.output != "text":
            emit([_summary(result) for result in results], options.output)
    return max((result.exit_code for result in results), default=0)


async def _apply_one(
    settings: Settings,
    repository: Repository,
    environment: Environment,
    options: ApplyOptions,
    charts: Charts,
    recorder: Recorder,
    facts: GitFacts,
    report: Reporter,
) -> RunResult:
    from fairway import wiring_engine
    from fairway.services.choosing import choose_releases
    from fairway.services.engine.planning import PlanOptions
    from fairway.services.engine.recording import LedgerLog
    from fairway.services.engine.running import EnvironmentRun, RunOptions

    only = (
        frozenset(r.name for r in choose_releases(environment, options.releases)) if options.releases else frozenset()
    )
    environment = _adjusted(environment, options)
    run = wiring_engine.begin_run(recorder, settings, facts, "apply")
    run_options = RunOptions(
        plan=PlanOptions(
            retry_stalled=True,
            take_over=options.take_over,
            force=options.force,
            source=wiring_engine.repository_source(repository, facts),
        ),
        only=only,
        concurrency=options.concurrency,
        allow_deletions=options.allow_deletions,
        commit=facts.commit,
        subject=facts.subject,
    )
    async with wiring_engine.open_environment(
        settings, repository, environment, charts, engine=options.engine
    ) as opened:
        log = LedgerLog(
            recorder, run, environment=environment.name, cluster=environment.cluster.name, secrets=opened.secrets
        )
        return await EnvironmentRun(
            opened.session, environment, opened.gather, options=run_options, report=report, log=log
        ).apply()


def _adjusted(environment: Environment, options: ApplyOptions) -> Environment:
    """The environment with the command line's own wait and timeout."""
    if options.wait and options.timeout is None:
        return environment
    timeout = timedelta(seconds=options.timeout) if options.timeout is not None else None
    releases = tuple(
        replace(r, wait=r.wait and options.wait, timeout=timeout or r.timeout) for r in environment.releases
    )
    return replace(environment, releases=releases)


def warn(text: str) -> None:
    """A warning on stderr."""
    click.echo(f"{click.style('warning', fg='yellow')}: {text}", err=True)


def _summary(result: RunResult) -> dict[str, object]:
    return {
        "environment": result.environment,
        "elapsedSeconds": round(result.elapsed, 3),
        "releases": [
            {
                "name": name,
                "outcome": one.outcome.value,
                "revision": one.revision or None,
                "reasons": list(one.reasons),
                "keptRevision": one.kept_revision or None,
                "changed": [str(ref) for ref in one.changed],
                "deleted": [str(ref) for ref in one.deleted],
            }
            for name, one in result.results.items()
        ],
    }
