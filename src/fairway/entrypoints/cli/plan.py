"""`fairway plan` (and `diff`): what an apply would change, object by object and field by field."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import UserError
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
    from collections.abc import Sequence

    from fairway.domain.releases.plan import EnvironmentPlan
    from fairway.entrypoints.cli.plan_comment import Wanted
    from fairway.services.engine.plans import PlannedEnvironment

DIFFERS = 1


@click.command()
@environment_argument
@cluster_option
@releases_option
@environments_file_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan; apply it with --plan.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something would change.")
@click.option(
    "--output", "-o", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True,
    help="Form of the plan on stdout.",
)  # fmt: skip
@click.option("--even-suspended", is_flag=True, help="Plan what is suspended too.")
@click.option("--base", metavar="REF", help="Compare with a branch, tag or commit instead of with the cluster.")
@click.option("--offline", is_flag=True, help="With --base: ask no cluster for its version and kinds.")
@click.option("--comment", is_flag=True, help="Keep a comment on the pull request up to date.")
@click.option("--status", is_flag=True, help="Set a status of the commit, with what lint finds as annotations.")
@click.option("--pull-request", type=click.IntRange(1), metavar="N", help="Default: that of the running pipeline.")
@click.option("--commit", metavar="SHA", default="", help="Commit of --status; default: the pull request's newest one.")
@click.option(
    "--repository", metavar="URL", default="", help="Where --comment and --status go; default: the pipeline's."
)
@engine_option
def plan(
    environment: str | None,
    cluster: str | None,
    releases: tuple[str, ...],
    environments_file: Path,
    engine: str,
    out: Path | None = None,
    exit_code: bool = False,
    output: str = "text",
    even_suspended: bool = False,
    base: str | None = None,
    offline: bool = False,
    comment: bool = False,
    status: bool = False,
    pull_request: int | None = None,
    commit: str = "",
    repository: str = "",
) -> int:
    """Show what an apply to ENV would change, and change nothing.

    Every changed object is asked for by a server-side dry run, so defaults and admission webhooks are in the answer.
    Secret values are masked. With --base two versions of the repository are rendered and compared instead, in all
    environments when none is named.

    \b
    Examples:
      fairway plan prod                      for people
      fairway plan prod -o markdown          for a pull request
      fairway plan prod --out plan.json      save it; fairway apply --plan plan.json applies exactly that
      fairway plan prod --exit-code          for scripts: 1 when something would change
      fairway plan --base main               what this branch changes, in every environment
      fairway plan --base main --comment     the same, kept up to date on the pull request
    """
    from fairway.entrypoints.cli.plan_comment import Wanted

    settings = load_settings()
    asked = Asked(environments_file, environment, cluster, releases, engine, even_suspended, base or "", offline)
    wanted = Wanted(comment, status, pull_request, commit, repository)
    if out is not None and base:
        raise UserError("--out saves what an apply would do, and --base asks for something else", fix="leave one out")
    if offline and not base:
        raise UserError("a plan asks the cluster", fix="with --offline name --base REF, or leave it out")
    return run_async(_plan(settings, asked, wanted, out, output, exit_code))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be planned."""

    environments_file: Path
    environment: str | None
    cluster: str | None
    names: tuple[str, ...]
    engine: str
    even_suspended: bool
    base: str
    offline: bool


async def _plan(
    settings: Settings, asked: Asked, wanted: Wanted, out: Path | None, output: str, exit_code: bool
) -> int:
    from fairway.entrypoints.cli.plan_base import compare_with_base
    from fairway.entrypoints.cli.plan_comment import reporting

    async with reporting(settings, asked, wanted) as report:
        about: list[str] = []
        if asked.base:
            plans, about = await compare_with_base(settings, asked)
        else:
            results = await _planned(settings, asked)
            plans = [result.plan for result in results]
            if out is not None:
                from fairway.entrypoints.cli.saved_plans import save_plan

                save_plan(out, results)
        if output != "markdown":
            for line in about:
                click.echo(line, err=True)
        show_plans(plans, output, settings, saved=str(out) if out else "", about=about)
        await report(plans, about)
    differs = any(release.changes for plan in plans for release in plan.releases)
    return DIFFERS if exit_code and differs else 0


async def _planned(settings: Settings, asked: Asked) -> list[PlannedEnvironment]:
    """Against the clusters."""
    from fairway import wiring
    from fairway.adapters.git.facts import read_git_facts
    from fairway.services.choosing import choose_releases
    from fairway.services.engine.planning import PlanOptions
    from fairway.services.engine.plans import plan_environment

    repository = loaded(asked.environments_file)
    environments = chosen(repository, asked.environment, asked.cluster)
    facts = await read_git_facts(Path(repository.root))
    source = wiring.repository_source(repository, facts)
    results: list[PlannedEnvironment] = []
    async with wiring.chart_service(settings, repository.helm_repos, notices=ChartNotices()) as charts:
        for one in environments:
            only = [r.name for r in choose_releases(one, asked.names)] if asked.names else []
            async with wiring.open_environment(settings, repository, one, charts, engine=asked.engine) as opened:
                results.append(
                    await plan_environment(
                        opened,
                        PlanOptions(retry_stalled=True, source=source, even_suspended=asked.even_suspended),
                        only=only,
                        commit=facts.commit,
                        subject=facts.subject,
                        dirty=facts.dirty,
                    )
                )
    return results


def show_plans(
    plans: Sequence[EnvironmentPlan], output: str, settings: Settings, *, saved: str = "", about: Sequence[str] = ()
) -> None:
    """Print plans on stdout, as `text`, `markdown` or `json`; `about` are lines for above the Markdown."""
    from fairway.entrypoints.cli.output import to_json
    from fairway.entrypoints.cli.render.plan_json import plan_json
    from fairway.entrypoints.cli.render.plan_markdown import plan_markdown
    from fairway.entrypoints.cli.render.plan_text import plan_text

    if output == "json":
        click.echo(to_json(plan_json(plans)))
    elif output == "markdown":
        click.echo(plan_markdown(plans, about=about))
    else:
        color = settings.color if settings.color is not None else sys.stdout.isatty()
        width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
        click.echo(plan_text(plans, color=color, width=width, saved=saved))
