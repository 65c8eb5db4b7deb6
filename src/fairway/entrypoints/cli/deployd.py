"""`fairway deployd`: carries out, in one cluster, the deployments that hookd hands on."""

from __future__ import annotations

from dataclasses import replace

import click

from fairway.entrypoints.cli.flags.command import flag_command
from fairway.entrypoints.cli.flags.flag import Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables.deployd import CLUSTER_GROUP, TEAM_GROUP, WORK_GROUP, deployd_options
from fairway.entrypoints.cli.flags.tables.process import LOGS, METRICS, addresses, set_up_process
from fairway.entrypoints.cli.flags.tables.queue import QUEUE, queue_options
from fairway.entrypoints.cli.running import run_async
from fairway.settings import load_settings


@flag_command(CLUSTER_GROUP, TEAM_GROUP, WORK_GROUP, QUEUE, Group("Address", (METRICS,)), LOGS)
@click.option("--check", is_flag=True, help="Say whether everything it needs can be reached, and end.")
def deployd(given: Given, check: bool) -> int:
    """Carry out this cluster's deployments, each as the team that asked for it, until it is told to end.

    Takes requests off the queue, applies their resources as the team's service account, waits until they are healthy,
    and reports every step. One for each cluster.

    \b
    Examples:
      fairway deployd --cluster dev
      fairway deployd --cluster prod --kafka-brokers kafka:9092 --kafka-hmac-key-file /run/secrets/hmac
      fairway deployd --cluster prod --identity token --team-namespaces
      fairway deployd --cluster prod --check

    \b
    Exit codes: 0 it was told to end, 2 something has to be set right; with --check also 4 something does not answer.
    """
    from fairway.entrypoints.workers.deployd import DeploydProcess, deployd_checks, run_deployd

    settings = set_up_process(given, load_settings())
    queue = queue_options(given)
    options = replace(deployd_options(given), group=queue.group_id)
    asked = DeploydProcess(options, queue, addresses(given, METRICS).listen)
    if check:
        from fairway.entrypoints.workers.checking import check_all

        return run_async(check_all(deployd_checks(settings, asked)))
    return run_async(run_deployd(settings, asked), again="fairway deployd")
