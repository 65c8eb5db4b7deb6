"""`fairway plan` (and `diff`): what an apply would change, object by object and field by field."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

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
) -> int:
    """Show what an apply to ENV would change, and change nothing.

    Every changed object is asked for by a server-side dry run, so defaults and admission webhooks are in the answer.
    Secret values are masked.

    \b
    Examples:
      fairway plan prod                      for people
      fairway plan prod -o markdown          for a pull request
      fairway plan prod --out plan.json      save it; fairway apply --plan plan.json applies exactly that
      fairway plan prod --exit-code          for scripts: 1 when something would change
    """
    settings = load_settings()
    work = _plan(settings, environments_file, environment, cluster, releases, out, exit_code, output, engine)
    return run_async(work)


async def _plan(
    settings: Settings,
    environments_file: Path,
    environment: str | None,
    cluster: str | None,
    names: tuple[str, ...],
    out: Path | None,
    exit_code: bool,
    output: str,
    engine: str,
) -> int:
    from fairway import wiring
    from fairway.adapters.git.facts import read_git_facts
    from fairway.entrypoints.cli.saved_plans import save_plan
    from fairway.services.choosing import choose_releases
    from fairway.services.engine.planning import PlanOptions
    from fairway.services.engine.plans import plan_environment

    repository = loaded(environments_file)
    environments = chosen(repository, environment, cluster)
    facts = await read_git_facts(Path(repository.root))
    source = wiring.repository_source(repository, facts)
    results: list[PlannedEnvironment] = []
    async with wiring.chart_service(settings, repository.helm_repos, notices=ChartNotices()) as charts:
        for one in environments:
            only = [r.name for r in choose_releases(one, names)] if names else []
            async with wiring.open_environment(settings, repository, one, charts, engine=engine) as opened:
                results.append(
                    await plan_environment(
                        opened,
                        PlanOptions(retry_stalled=True, source=source),
                        only=only,
                        commit=facts.commit,
                        subject=facts.subject,
                        dirty=facts.dirty,
                    )
                )
    if out is not None:
        save_plan(out, results)
    show_plans([result.plan for result in results], output, settings, saved=str(out) if out else "")
    differs = any(release.changes for result in results for release in result.plan.releases)
    return DIFFERS if exit_code and differs else 0


def show_plans(plans: Sequence[EnvironmentPlan], output: str, settings: Settings, *, saved: str = "") -> None:
    """Print plans on stdout, as `text`, `markdown` or `json`."""
    from fairway.entrypoints.cli.output import to_json
    from fairway.entrypoints.cli.render.plan_json import plan_json
    from fairway.entrypoints.cli.render.plan_markdown import plan_markdown
    from fairway.entrypoints.cli.render.plan_text import plan_text

    if output == "json":
        click.echo(to_json(plan_json(plans)))
    elif output == "markdown":
        click.echo(plan_markdown(plans))
    else:
        color = settings.color if settings.color is not None else sys.stdout.isatty()
        width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
        click.echo(plan_text(plans, color=color, width=width, saved=saved))
