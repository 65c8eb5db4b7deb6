"""Looking at the deployments repository: `list`, `dump`, `use`, `schema`."""

from __future__ import annotations

from pathlib import Path

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.options import (
    chosen,
    cluster_option,
    environment_argument,
    environments_file_option,
    loaded,
)
from fairway.entrypoints.cli.output import emit, output_option, table
from fairway.settings import load_settings


@click.command("list")
@click.argument("what", type=click.Choice(["env", "release", "cluster"]))
@environment_argument
@environments_file_option
@cluster_option
@click.option("--long", "-l", "long", is_flag=True, help="More columns.")
@output_option()
def list_things(
    what: str, environment: str | None, environments_file: Path, cluster: str | None, long: bool, output: str
) -> None:
    """List environments, releases or clusters, as they are declared: one name a line, with -l a table.

    \b
    Examples:
      fairway list env
      fairway list release prod -l
      fairway list release -c eu-1 -o json
    """
    from fairway.entrypoints.cli import repository_views as views

    repository = loaded(environments_file)
    if what == "cluster":
        view = views.clusters(repository, [one for one in repository.clusters if cluster in (None, one.name)])
    else:
        environments = chosen(repository, environment, cluster, every=True)
        view = views.environments(environments) if what == "env" else views.releases(repository, environments)
    emit(view.data, output, lambda: table(view.headers, view.rows) if long else "\n".join(view.names))


@click.command()
@environment_argument
@environments_file_option
@cluster_option
@output_option("yaml", "json")
def dump(environment: str | None, environments_file: Path, cluster: str | None, output: str) -> None:
    """Print the repository as Fairway understands it: both dialects, templates and defaults resolved.

    Values that come from elsewhere (valueFrom) are named, never fetched; credentials are never in it.

    \b
    Examples:
      fairway dump
      fairway dump prod -o json | jq '.environments[].releases[].chart'
    """
    from fairway.entrypoints.cli.repository_views import dumped

    repository = loaded(environments_file)
    emit(dumped(repository, chosen(repository, environment, cluster, every=True)), output)


@click.command()
@click.argument("environment", metavar="[ENV]", required=False)
@environments_file_option
@click.option("--clear", is_flag=True, help="Forget the default environment.")
def use(environment: str | None, environments_file: Path, clear: bool) -> None:
    """Set the environment that commands take when none is named; without ENV print it.

    It is remembered for this environments.yaml, in your configuration folder, not in the repository.

    \b
    Examples:
      fairway use test
      fairway use --clear
    """
    from fairway.services.choosing import choose_environments, default_environment, remember_environment

    folder = load_settings().config_dir
    if clear:
        remember_environment(folder, environments_file, None)
        click.echo("no default environment any more", err=True)
    elif environment is None:
        name = default_environment(folder, environments_file)
        if name is None:
            raise UserError("no default environment is set", fix="set one with fairway use ENV")
        click.echo(name)
    else:
        choose_environments(loaded(environments_file), environment)
        remember_environment(folder, environments_file, environment)
        click.echo(f"commands take {environment} now when no environment is named", err=True)


@click.command()
@click.argument("what", type=click.Choice(["environments", "releases", "configuration", "holds"]))
def schema(what: str) -> None:
    """Print the JSON Schema of environments.yaml, of release files, fairway.yaml or fairway.holds.yaml, for editors.

    \b
    Examples:
      fairway schema releases > releases.schema.json
    """
    from fairway.domain.repository.schemas import json_schema
    from fairway.entrypoints.cli.output import to_json

    click.echo(to_json(json_schema(what)))
