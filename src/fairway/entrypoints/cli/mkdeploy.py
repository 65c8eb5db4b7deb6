"""`fairway mkdeploy`: the event that GitHub would send, without GitHub. Contract: docs/spec/deploy-client.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.dispatch.endings import Ending
from fairway.domain.errors import UserError
from fairway.domain.manifests.objects import Object
from fairway.entrypoints.cli.asking_command import AskingCommand, as_plain, carry_out, warn_of_typed_secrets
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables import asking as flags
from fairway.entrypoints.cli.output import emit, output_option
from fairway.settings import load_settings, process_environment

if TYPE_CHECKING:
    from fairway.domain.dispatch.wanted import Wanted
    from fairway.entrypoints.cli.asking_view import AskingView

HERE = "http://127.0.0.1:8080"
TIMEOUT = 600.0
ROOM = 2**52
"""Numbers of deployments are made up beyond those that GitHub gives out."""


@click.command(cls=AskingCommand, groups=(flags.EVENT_WHAT, flags.EVENT_WHERE, flags.EVENT_HOW))
@output_option("text", "json")
@click.pass_context
def mkdeploy(context: click.Context, given: Given, output: str) -> None:
    """Send hookd a deployment event, signed as GitHub signs it, and follow what comes of it.

    hookd runs with --github-enabled=false for this. Exit codes: 0 success (or accepted, without --wait), 1 failure,
    2 error or refused, 3 inactive, 9 timeout; 5 when hookd does not answer, 6 and 8 for what was given.

    \b
    Examples:
      fairway mkdeploy --repository shop/web --environment prod --resource web.yaml --hmac-file secret --wait
      fairway mkdeploy --repository shop/web --environment prod --payload payload.json
    """
    import secrets
    import uuid

    from fairway.entrypoints.cli.asking_view import AskingView
    from fairway.services.asking.asking import Limits
    from fairway.wiring.asking import send_event

    warn_of_typed_secrets(given)
    view = AskingView()
    wanted = _wanted(given, view)
    url, delivery_id = given.value(flags.URL) or HERE, given.value(flags.DELIVERY) or str(uuid.uuid4())
    deployment_id = given.value(flags.DEPLOYMENT) or ROOM + secrets.randbelow(ROOM)
    addressee = send_event(url, given.value(flags.HMAC) or "", delivery_id=delivery_id, deployment_id=deployment_id)
    view.begin(wanted, f"delivery {delivery_id} to {url}")
    limits = Limits(
        TIMEOUT if given.value(flags.TIMEOUT) is None else given.value(flags.TIMEOUT),
        retry=False,
        wait=bool(given.value(flags.WAIT)),
    )
    asked = carry_out(addressee, view, wanted, limits)
    if asked is None:
        context.exit(130)
    view.end(asked.ended, asked.seconds, wanted)
    # What hookd refuses is a mistake in the request, which it tells GitHub as `error`.
    ending = Ending.ERROR if asked.ended.ending is Ending.NO_DEPLOYMENT else asked.ended.ending
    if output == "json":
        emit(as_plain(asked, view, ending, delivery_id), "json")
    if ending is not Ending.SUCCESS:
        context.exit(ending)


def _wanted(given: Given, view: AskingView) -> Wanted:
    from fairway.domain.dispatch.wanted import Wanted
    from fairway.entrypoints.cli.deploy_inputs import read_resources, repository_of, team_for

    payload: Any = None
    team: str = given.value(flags.TEAM) or ""
    resources: tuple[Object, ...] = ()
    if given.value(flags.PAYLOAD):
        if given.value(flags.RESOURCE):
            raise UserError("both --payload and --resource are given", fix="give one of them")
        payload = _payload(given.value(flags.PAYLOAD))
        team = team or (str(payload.get("team") or "") if isinstance(payload, dict) else "")
    else:
        found = read_resources(given)
        view.warn(found.warnings)
        team, warnings = team_for(given, found)
        view.warn(warnings)
        resources = found.objects
    environment = given.value(flags.ENVIRONMENT)
    if not environment:
        raise UserError("it is not said where to deploy to", fix="give --environment: the name of a cluster")
    return Wanted(
        repository=repository_of(given, process_environment()),
        cluster=environment,
        team=team,
        resources=resources,
        ref=given.value(flags.REF) or "main",
        creator=load_settings().user,
        description=given.value(flags.DESCRIPTION) or "",
        payload=payload,
    )


def _payload(written: str) -> Any:
    """JSON itself, or a file with it. What hookd makes of it is hookd's business."""
    from fairway.services.asking.resources import read_text

    text = written if written.lstrip().startswith(("{", "[", '"')) else read_text(Path(written).expanduser())
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"the payload is not JSON: {error}", fix="give JSON, or a file with it") from error
