"""`fairway init`: kube contexts for clusters and environments, or a repository to start with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.options import chosen, environment_argument, environments_file_option, loaded

if TYPE_CHECKING:
    from fairway.domain.repository.models import Cluster, Environment, Repository


@click.command()
@environment_argument
@environments_file_option
@click.option("--cluster", metavar="NAME", help="This cluster, and the contexts of all its environments.")
@click.option("--contexts-only", is_flag=True, help="Only write contexts; fetch no credentials.")
@click.option("--gitlab", is_flag=True, help="Take cluster and user from the kubeconfig of this GitLab CI job.")
@click.option("--dry-run", "-n", is_flag=True, help="Print the commands and change nothing.")
@click.option("--example", is_flag=True, help="Write a deployments repository to start with into ENV (a folder).")
def init(
    environment: str | None,
    environments_file: Path,
    cluster: str | None,
    contexts_only: bool,
    gitlab: bool,
    dry_run: bool,
    example: bool,
) -> None:
    """Write kube contexts for clusters and environments, or a repository to start with.

    For a cluster of Google, Azure or AWS its own program (gcloud, az, aws) fetches the credentials; then each
    environment gets the context env:NAME with its namespace, for kubectl and others.

    \b
    Examples:
      fairway init prod                   credentials and context of one environment
      fairway init --cluster eu-1 -n      what would be done for a cluster
      fairway init --example shop         a repository that works as it is, in the folder shop
    """
    if example:
        _write_example(Path(environment or "."))
        return
    repository = loaded(environments_file)
    environments = chosen(repository, environment, cluster, every=True)
    clusters = [one for one in repository.clusters if one.name == cluster]
    write_contexts(repository, environments, clusters, contexts_only=contexts_only, gitlab=gitlab, dry_run=dry_run)


def write_contexts(
    repository: Repository,
    environments: Sequence[Environment],
    clusters: Sequence[Cluster] = (),
    *,
    contexts_only: bool = False,
    gitlab: bool = False,
    dry_run: bool = False,
) -> None:
    """Fetch credentials and write contexts, telling each step on stderr; with `dry_run` print them on stdout."""
    from fairway import wiring
    from fairway.services.initialising import carry_out, plan_init

    steps = plan_init(repository, environments, clusters, contexts_only=contexts_only, gitlab=gitlab)
    if dry_run:
        for step in steps:
            click.echo(str(step))
        return
    if not steps:
        click.echo("nothing to write: these clusters need no context", err=True)
    kubeconfigs, programs, variables = wiring.init_ports()
    for step in steps:
        click.echo(str(step).removeprefix("# "), err=True)
        carry_out([step], kubeconfigs, programs, variables)


def _write_example(folder: Path) -> None:
    import shutil

    from fairway.entrypoints.examples import example_folder

    target = folder / "environments.yaml"
    if target.exists():
        raise UserError(f"{target} exists already", fix="name a folder that has none: fairway init --example shop")
    try:
        shutil.copytree(example_folder("starter"), folder, dirs_exist_ok=True)
    except OSError as error:
        raise UserError(f"the example cannot be written to {folder}: {error}") from error
    click.echo(f"wrote {target} and what it names", err=True)
    where = "" if str(folder) == "." else f"cd {folder} && "
    click.echo(f"next: {where}fairway cluster up && fairway plan test && fairway apply test", err=True)
