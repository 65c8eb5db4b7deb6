"""`fairway apply`: carry out what Git declares, with live progress, and wait until it is healthy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import Refused
from fairway.entrypoints.cli.apply_environments import ApplyOptions, apply_environments
from fairway.entrypoints.cli.options import (
    chosen,
    cluster_option,
    environment_argument,
    environments_file_option,
    loaded,
    releases_option,
)
from fairway.entrypoints.cli.output import output_option
from fairway.entrypoints.cli.running import engine_option, run_async
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.repository.models import Environment


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
@click.option(
    "--concurrency", "-j", type=click.IntRange(1, 200), default=16, show_default=True, help="Releases at a time."
)
@click.option("--allow-deletions", is_flag=True, help="Delete more than the policy's limits allow.")
@click.option("--take-over", is_flag=True, help="Take over releases whose writer is known to be dead.")
@click.option("--even-suspended", is_flag=True, help="Apply what is suspended too.")
@click.option("--force", is_flag=True, help="Store a new revision also where nothing changed.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask, also for protected environments.")
@click.option("--notify", is_flag=True, help="Tell the channels of fairway.yaml what happens.")
@click.option("--quiet", "-q", is_flag=True, help="Only failures and the closing line.")
@output_option("text", "json", "yaml")
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
    even_suspended: bool,
    force: bool,
    yes: bool,
    notify: bool,
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
    Exit codes: 0 all well, 1 a release failed, 2 a mistake in the files, 3 refused, 4 the cluster did not answer,
    130 interrupted.
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
                even_suspended=even_suspended,
            )
            or 0
        )
    if plan_file is not None:
        from fairway.entrypoints.cli.saved_plans import apply_saved

        return apply_saved(settings, plan_file, environments_file, environment, yes=yes, quiet=quiet, notify=notify)
    repository = loaded(environments_file)
    environments = chosen(repository, environment, cluster)
    if init_first or gitlab:
        from fairway.entrypoints.cli.init import write_contexts

        write_contexts(repository, environments, gitlab=gitlab)
    for one in environments:
        confirm_protected(one, yes=yes)
    options = ApplyOptions(
        releases,
        not no_wait,
        timeout,
        concurrency,
        allow_deletions,
        take_over,
        force,
        engine,
        quiet,
        output,
        even_suspended,
        notify,
    )
    return run_async(apply_environments(settings, repository, environments, options))


def confirm_protected(environment: Environment, *, yes: bool) -> None:
    """A protected environment asks for its name; `Refused` where nobody can answer."""
    if not environment.protected or yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"environment {environment.name} is protected", fix="in scripts: --yes")
    answer = click.prompt(f"{environment.name} is protected; type its name to go on", err=True)
    if answer.strip() != environment.name:
        raise Refused(f"environment {environment.name} is protected, and its name was not given")
