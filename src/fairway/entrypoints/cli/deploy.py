"""`fairway deploy`: what a pipeline calls to have its resources deployed. Contract: docs/spec/deploy-client.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fairway.domain.dispatch.endings import Ending
from fairway.entrypoints.cli.asking_command import AskingCommand, as_plain, carry_out, warn_of_typed_secrets
from fairway.entrypoints.cli.flags.flag import Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables import asking as flags
from fairway.entrypoints.cli.flags.tables import github
from fairway.entrypoints.cli.output import emit, output_option
from fairway.settings import load_settings, process_environment

if TYPE_CHECKING:
    from fairway.domain.dispatch.wanted import Wanted

TIMEOUT = 600.0
LOGIN = Group(
    "As whom",
    (
        flags.VIA,
        flags.SERVER,
        flags.APIKEY,
        flags.AUDIENCE,
        flags.GITHUB_TOKEN,
        github.APP_ID,
        github.INSTALL_ID,
        github.KEY_FILE,
        github.API,
    ),
)


@click.command(cls=AskingCommand, groups=(flags.WHAT, flags.WHERE, flags.HOW, LOGIN))
@output_option("text", "json")
@click.pass_context
def deploy(context: click.Context, given: Given, output: str) -> None:
    """Ask for a deployment of a team's resources, from a pipeline, and wait for its outcome.

    It creates a GitHub Deployment, or asks hookd itself; deployd carries it out as the team. With --wait the exit code
    says how it ended: 0 success, 1 failure, 2 error, 3 inactive, 4 no deployment, 5 unavailable, 6 usage, 7 internal,
    8 template, 9 timeout.

    \b
    Examples:
      fairway deploy --resource nais.yaml --var image=shop/web:1.9.1 --cluster prod --wait
      fairway deploy --resource app.yaml --vars prod.yaml --cluster prod --deploy-server https://hookd.example.com
      fairway deploy --resource app.yaml --cluster prod --dry-run --print-payload
    """
    from fairway.entrypoints.cli.asking_view import AskingView
    from fairway.entrypoints.cli.deploy_inputs import read_resources, team_for, wanted_of, way_of
    from fairway.services.asking.asking import Limits

    if not given.value(flags.QUIET):
        warn_of_typed_secrets(given)
    env = process_environment()
    actions = given.value(flags.ACTIONS)
    view = AskingView(
        quiet=bool(given.value(flags.QUIET)),
        actions=load_settings().in_github_actions if actions is None else actions,
        summary=env.get("GITHUB_STEP_SUMMARY", ""),
        output=env.get("GITHUB_OUTPUT", ""),
    )
    with view.mistakes():
        resources = read_resources(given)
        view.warn(resources.warnings)
        team, warnings = team_for(given, resources)
        view.warn(warnings)
        wanted = wanted_of(given, resources, team, env)
        if given.value(flags.PRINT_PAYLOAD):
            emit(_payload(wanted), "json")
        if given.value(flags.DRY_RUN):
            view.begin(wanted, "dry run, nothing is asked for")
            return
        way = way_of(given, wanted, env)
    view.begin(wanted, way.shown)
    limits = Limits(
        timeout=TIMEOUT if given.value(flags.TIMEOUT) is None else given.value(flags.TIMEOUT),
        retry=given.value(flags.RETRY) is not False,
        wait=bool(given.value(flags.WAIT)),
    )
    asked = carry_out(way.addressee, view, wanted, limits)
    if asked is None:
        context.exit(130)
    view.end(asked.ended, asked.seconds, wanted)
    if output == "json":
        emit(as_plain(asked, view, asked.ended.ending), "json")
    if asked.ended.ending is not Ending.SUCCESS:
        context.exit(asked.ended.ending)


def _payload(wanted: Wanted) -> object:
    """What is asked for; Secrets without their values, since logs of pipelines are read by many."""
    from fairway.domain.dispatch.wanted import payload_of
    from fairway.domain.manifests.masking import is_secret
    from fairway.domain.values.secrets import MASK

    shown = [
        {key: dict.fromkeys(value, MASK) if key in ("data", "stringData") and isinstance(value, dict) else value
         for key, value in one.items()}
        if is_secret(one) else one
        for one in wanted.resources
    ]  # fmt: skip
    payload = payload_of(wanted.team, shown)
    return {"environment": wanted.environment, "ref": wanted.ref, "cluster": wanted.cluster, "payload": payload}
