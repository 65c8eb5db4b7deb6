"""`fairway lint`: every mistake of a deployments repository, for people, programs, SARIF and GitHub."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from fairway.entrypoints.cli.options import environments_file_option
from fairway.settings import load_settings

EXIT_FOUND = 2


@click.command()
@environments_file_option
@click.option("--strict", is_flag=True, help="Warnings fail the command as errors do.")
@click.option(
    "--output",
    "-o",
    type=click.Choice(["text", "json", "sarif", "github"]),
    help="Form of the findings; default text, in GitHub Actions github.",
)
def lint(environments_file: Path, strict: bool, output: str | None) -> int:
    """Find every mistake in the deployments repository, in one run.

    Reads environments.yaml and all that it names; changes nothing and needs no cluster. The rules are in
    docs/spec/lint.md. Exit code 0: nothing wrong; 2: errors (with --strict also warnings).

    \b
    Examples:
      fairway lint
      fairway lint --strict --output sarif > fairway.sarif
      fairway lint -f other/environments.yaml
    """
    from fairway.entrypoints.cli.lint_forms import FORMS
    from fairway.services.linting import lint as run

    settings = load_settings()
    report = asyncio.run(run(environments_file))
    form = output or ("github" if settings.in_github_actions else "text")
    click.echo(FORMS[form](report))
    return EXIT_FOUND if report.failed(strict=strict) else 0
