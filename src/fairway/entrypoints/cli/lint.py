"""`fairway lint`: every mistake of a deployments repository, for people, programs, SARIF and GitHub."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.options import environment_argument, environments_file_option
from fairway.entrypoints.cli.running import engine_option, run_async
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.domain.errors import Diagnostic
    from fairway.domain.repository.models import Environment, Repository
    from fairway.services.charts import Charts
    from fairway.services.linting import Report
    from fairway.services.rendering import OpenRendering

EXIT_FOUND = 2
NEWEST = "newest"


@click.command()
@environment_argument
@environments_file_option
@click.option("--strict", is_flag=True, help="Warnings fail the command as errors do.")
@click.option("--no-render", is_flag=True, help="Only the files: render nothing, fetch no charts.")
@click.option("--kube-version", metavar="VERSION", help="Check against this version of Kubernetes; default the newest.")
@click.option("--live", is_flag=True, help="Check against the environments' own clusters.")
@engine_option
@click.option(
    "--output",
    "-o",
    type=click.Choice(["text", "json", "sarif", "github"]),
    help="Form of the findings; default text, in GitHub Actions github.",
)
def lint(
    environment: str | None,
    environments_file: Path,
    strict: bool,
    no_render: bool,
    kube_version: str | None,
    live: bool,
    engine: str,
    output: str | None,
) -> int:
    """Find every mistake in the deployments repository, in one run.

    Reads environments.yaml and all that it names, then renders every release (with ENV, that environment's) and checks
    the objects against Kubernetes' own schemas; changes nothing and needs no cluster. The rules are in
    docs/spec/lint.md. Exit code 0: nothing wrong; 2: errors (with --strict also warnings).

    \b
    Examples:
      fairway lint
      fairway lint prod --kube-version 1.33
      fairway lint --live
      fairway lint --strict --output sarif > fairway.sarif
    """
    if live and kube_version is not None:
        raise UserError("--live takes the version of the cluster", fix="leave out --kube-version or --live")
    settings = load_settings()
    target = None if live else kube_version or NEWEST
    form = output or ("github" if settings.in_github_actions else "text")
    only = (environment,) if environment is not None else ()
    return run_async(
        _lint(settings, environments_file, only, target, strict, not no_render, engine, form), again="fairway lint"
    )


async def _lint(
    settings: Settings,
    environments_file: Path,
    environments: tuple[str, ...],
    kube_version: str | None,
    strict: bool,
    render: bool,
    engine: str,
    form: str,
) -> int:
    from fairway.entrypoints.cli.lint_forms import FORMS
    from fairway.services.linting import lint as run

    report = (
        await deep_lint(settings, environments_file, environments, kube_version, engine)
        if render
        else await run(environments_file)
    )
    click.echo(FORMS[form](report))
    return EXIT_FOUND if report.failed(strict=strict) else 0


async def deep_lint(
    settings: Settings, environments_file: Path, environments: tuple[str, ...], kube_version: str | None, engine: str
) -> Report:
    """Everything that lint finds; `environments` are those to render, empty means all."""
    from fairway import wiring
    from fairway.entrypoints.cli.chart_notices import ChartNotices
    from fairway.services.choosing import choose_environments
    from fairway.services.linting import lint as run
    from fairway.services.linting.newest import NewestVersions
    from fairway.services.linting.rendering import RenderedReleases
    from fairway.services.linting.standing_in import EncryptedAsWritten

    def opening(charts: Charts, repository: Repository, one: Environment) -> AbstractAsyncContextManager[OpenRendering]:
        return wiring.open_rendering(
            settings,
            repository,
            one,
            charts,
            engine=engine,
            kube_version=kube_version,
            decryptor=EncryptedAsWritten() if kube_version else None,
        )

    async def check(repository: Repository) -> list[Diagnostic]:
        for name in environments:
            choose_environments(repository, name)
        async with wiring.chart_service(settings, repository.helm_repos, notices=ChartNotices()) as charts:
            deep = RenderedReleases(lambda *one: opening(charts, *one), charts, Path.cwd(), environments)
            return list(await deep(repository))

    advice = NewestVersions(lambda repos: wiring.chart_service(settings, repos, notices=ChartNotices()))
    return await run(environments_file, [check], advice=advice)
