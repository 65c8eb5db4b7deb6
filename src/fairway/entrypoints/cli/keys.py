"""`fairway keys list|rotate|revoke`: the keys with which teams sign requests over the API.

The rule not to break: a key is printed once, when it is made, alone on stdout; nothing else prints or logs one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.command import flag_command
from fairway.entrypoints.cli.flags.flag import Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables.process import OWN_KEY
from fairway.entrypoints.cli.output import emit, output_option, screen_width, table
from fairway.entrypoints.cli.running import run_async
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.dispatch.team_keys import KeysOfTeam
    from fairway.services.hookd.ports import TeamKeys

KEYS = Group("Keys", (OWN_KEY,))
LONGEST_DAYS = 90


@click.group()
def keys() -> None:
    """Keys with which teams sign requests for deployments over the API.

    They are kept in the ledger's database, sealed with the server's own key; so run this with the same settings as the
    server. A new key is good at once, and the former ones stay good for a while, so that nothing has to stop.

    \b
    Examples:
      fairway keys list
      fairway keys rotate shop | gh secret set FAIRWAY_TEAM_KEY --repo example/orders
      fairway keys revoke shop
    """


@flag_command(KEYS, name="list")
@output_option()
def list_keys(output: str, given: Given) -> int:
    """List teams that have a key: how many are good, since when, and until when the former ones are. Never a key.

    \b
    Example:
      fairway keys list --output json
    """
    return run_async(_list(given, output))


async def _list(given: Given, output: str) -> int:
    async with _opened(given) as opened:
        found = await opened.teams()
    emit(found, output, lambda: _table(found) if found else "no team has a key; fairway keys rotate TEAM makes one")
    return 0


def _keep_old(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    try:
        seconds: float = kinds.DURATION.read([text])
    except kinds.Unfit as error:
        raise click.BadParameter(f"{error}; {error.fix}") from None
    if seconds > LONGEST_DAYS * 86400:
        raise click.BadParameter(f"{seconds / 86400:.0f} days are too long; at most {LONGEST_DAYS}d")
    return seconds


@flag_command(KEYS)
@click.argument("team")
@click.option(
    "--keep-old",
    metavar="DURATION",
    default="24h",
    show_default=True,
    callback=_keep_old,
    help="How long the former keys stay good.",
)
@output_option()
def rotate(team: str, keep_old: float, output: str, given: Given) -> int:
    """Make a new key for a team, its first or another one, and print it. It is not shown again.

    TEAM is the slug of a team at GitHub. The key is 64 hexadecimal digits: 32 bytes, which sign.

    \b
    Examples:
      fairway keys rotate shop
      fairway keys rotate shop --keep-old 0s     the former one got lost
    """
    return run_async(_rotate(given, team, keep_old, output))


async def _rotate(given: Given, team: str, keep_old: float, output: str) -> int:
    from fairway.domain.access.names import team_slugs
    from fairway.domain.dispatch.team_keys import slug

    name = _named(team)
    # Nobody could ever deploy as another; to end the keys of one, any name will do.
    team_slugs([name])
    async with _opened(given) as opened:
        before = len(await opened.keys(name))
        key = await opened.rotate(name, keep_old_for=keep_old)
    if before and output == "table":
        click.echo(f"the former keys of {slug(name)} {_end(keep_old)}", err=True)
    emit({"team": slug(name), "key": key.hex()}, output, key.hex)
    return 0


@flag_command(KEYS)
@click.argument("team")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@output_option()
def revoke(team: str, yes: bool, output: str, given: Given) -> int:
    """End all keys of a team at once: nobody can deploy with them any more.

    \b
    Example:
      fairway keys revoke shop --yes
    """
    return run_async(_revoke(given, team, output, yes=yes))


async def _revoke(given: Given, team: str, output: str, *, yes: bool) -> int:
    from fairway.domain.dispatch.team_keys import slug

    name = slug(_named(team))
    async with _opened(given) as opened:
        if not any(one.team == name for one in await opened.teams()):
            raise UserError(f"team {name} has no key", fix="see fairway keys list")
        if not yes:
            click.confirm(f"Nobody can deploy with the keys of {name} any more. End them?", abort=True, err=True)
        ended = await opened.revoke(name)
    emit({"team": name, "ended": ended}, output, lambda: f"the keys of {name} are good no longer: {ended} ended")
    return 0


for _command in (list_keys, rotate, revoke):
    keys.add_command(_command)


@asynccontextmanager
async def _opened(given: Given) -> AsyncIterator[TeamKeys]:
    from fairway.wiring.team_keys import open_team_keys

    settings = load_settings()
    if settings.ledger_url == "none":
        raise UserError("keys are kept in the ledger's database, and FAIRWAY_LEDGER_URL is none", fix="name a database")
    if own_key := given.value(OWN_KEY):
        settings = replace(settings, secret_key_file=own_key)
    async with open_team_keys(settings) as opened:
        yield opened


def _named(team: str) -> str:
    from fairway.domain.dispatch.payloads import Malformed, read_team

    try:
        name = read_team(team)
    except Malformed as error:
        raise UserError(error.message, fix="write the slug of the team at GitHub") from None
    if not name:
        raise UserError("no team is named", fix="write the slug of the team at GitHub")
    return name


def _end(keep_old: float) -> str:
    from datetime import timedelta

    from fairway.entrypoints.cli.output import duration

    return f"stay good for {duration(timedelta(seconds=keep_old))}" if keep_old else "are good no longer"


def _table(found: list[KeysOfTeam]) -> str:
    from fairway.entrypoints.cli.times import ago

    rows = [
        (one.team, one.keys, ago(one.newest_at), f"{one.old_until:%Y-%m-%d %H:%M} UTC" if one.old_until else "–")
        for one in found
    ]
    return table(("TEAM", "KEYS", "NEWEST", "FORMER ONES UNTIL"), rows, screen_width())
