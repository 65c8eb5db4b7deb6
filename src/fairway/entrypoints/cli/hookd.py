"""`fairway hookd`: hears of deployments, hands them to the clusters, and tells GitHub how they went."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.entrypoints.cli.flags.command import flag_command
from fairway.entrypoints.cli.flags.flag import Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables.access import ACCESS, access_options
from fairway.entrypoints.cli.flags.tables.api import API, api_access
from fairway.entrypoints.cli.flags.tables.github import GITHUB, github_login
from fairway.entrypoints.cli.flags.tables.hookd import (
    CONFIGURATION,
    PORTAL,
    WEB_URL,
    WORK,
    hookd_options,
    pages_for_members,
    portal_options,
)
from fairway.entrypoints.cli.flags.tables.process import BASE_URL, LISTEN, LOGS, addresses, set_up_process
from fairway.entrypoints.cli.flags.tables.queue import QUEUE, queue_options
from fairway.entrypoints.cli.running import run_async
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.entrypoints.workers.hookd import HookdProcess

ADDRESS = Group("Address", (LISTEN, BASE_URL))
HOOKD_GROUPS = (ADDRESS, GITHUB, WORK, ACCESS, API, PORTAL, QUEUE)


@flag_command(*HOOKD_GROUPS, LOGS)
@click.option("--check", is_flag=True, help="Say whether everything it needs can be reached, and end.")
def hookd(given: Given, check: bool) -> int:
    """Take GitHub deployments, hand them to the clusters, and tell GitHub how they went, until it is told to end.

    Serves GitHub's webhook, the API for CI, a page for each deployment, and the portal in which maintainers register
    repositories. Needs a database (FAIRWAY_LEDGER_URL); the queue is Kafka, or that database. Several may run at once.

    \b
    Examples:
      fairway hookd --github-app-id 4711 --github-key-file app.pem --github-webhook-secret-file webhook
      fairway hookd --kafka-brokers kafka:9092 --kafka-hmac-key-file hmac --base-url https://deploy.example.com
      fairway hookd --github-enabled=false --github-webhook-secret s3cr3t       on a laptop, with fairway mkdeploy
      fairway hookd --check

    \b
    Exit codes: 0 it was told to end, 2 something has to be set right; with --check also 4 something does not answer.
    """
    from fairway.entrypoints.workers.hookd import hookd_checks, run_hookd

    settings = set_up_process(given, load_settings())
    asked = asked_hookd(given)
    if check:
        from fairway.entrypoints.workers.checking import check_all

        return run_async(check_all(hookd_checks(settings, asked)))
    return run_async(run_hookd(settings, asked), again="fairway hookd")


def asked_hookd(given: Given) -> HookdProcess:
    """Raises UserError for the first thing that can't be."""
    from fairway.entrypoints.workers.hookd import HookdProcess

    where = addresses(given)
    queue = queue_options(given)
    configuration: Path | None = given.value(CONFIGURATION)
    return HookdProcess(
        hookd_options(given, base_url=where.base_url, group=queue.group_id),
        queue,
        access_options(given),
        api_access(given, where.base_url),
        github_login(given),
        portal_options(given, base_url=where.base_url),
        where.listen,
        given.value(WEB_URL) or WEB_URL.default,
        pages_for_members(given),
        configuration,
    )
