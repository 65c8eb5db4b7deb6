"""`fairway serve`: everything that GitHub deployments need, in one process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.command import flag_command
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables.deployd import TEAM_GROUP, TIMEOUT, WORK_GROUP
from fairway.entrypoints.cli.flags.tables.hookd import FINISH_WITHIN
from fairway.entrypoints.cli.flags.tables.process import LOGS, set_up_process
from fairway.entrypoints.cli.flags.tables.serve import AGENT, SERVE, deployds, ways
from fairway.entrypoints.cli.hookd import HOOKD_GROUPS, asked_hookd
from fairway.entrypoints.cli.options import environments_file_option
from fairway.entrypoints.cli.running import run_async
from fairway.settings import load_settings


@flag_command(SERVE, *HOOKD_GROUPS, TEAM_GROUP, WORK_GROUP, LOGS)
@environments_file_option
@click.option("--check", is_flag=True, help="Say whether everything it needs can be reached, and end.")
def serve(given: Given, environments_file: Path, check: bool) -> int:
    """Do everything that GitHub deployments need in one process, until it is told to end.

    hookd with its pages and portal, a deployd for each cluster, and with --agent what fairway agent does. Records,
    requests, queue and registrations are in the ledger's database: SQLite in the data folder unless
    FAIRWAY_LEDGER_URL says otherwise.

    \b
    Examples:
      fairway serve --github-enabled=false --github-webhook-secret s3cr3t       on a laptop, with fairway mkdeploy
      fairway serve --cluster dev=kind-dev --cluster prod=gke-prod --github-app-id 4711 --github-key-file app.pem
      fairway serve --cluster dev=devcluster:fairway --agent
      fairway serve --check

    \b
    Exit codes: 0 it was told to end, 2 something has to be set right; with --check also 4 something does not answer.
    """
    from fairway.entrypoints.workers.serve import ServeProcess, run_serve, serve_checks

    settings = set_up_process(given, load_settings())
    hookd = asked_hookd(given)
    clusters = deployds(given, ways(given, settings), hookd.queue.group_id)
    if any(one.timeout >= hookd.options.finish_within for one in clusters):
        raise UserError(
            f"{given.named(FINISH_WITHIN)} is not longer than {given.named(TIMEOUT)}",
            fix="make it longer: a rollout that goes on would be told as failed",
        )
    follows = bool(given.value(AGENT))
    if follows and not environments_file.is_file():
        raise UserError(
            f"{given.named(AGENT)} is set, but there is no {environments_file}", fix="name it with -f, or leave it out"
        )
    known = tuple(dict.fromkeys((*hookd.options.clusters, *(one.cluster for one in clusters))))
    hookd = replace(hookd, options=replace(hookd.options, clusters=known))
    asked = ServeProcess(hookd, clusters, environments_file if follows else None)
    if check:
        from fairway.entrypoints.workers.checking import check_all

        return run_async(check_all(serve_checks(settings, asked)))
    return run_async(run_serve(settings, asked), again="fairway serve")
