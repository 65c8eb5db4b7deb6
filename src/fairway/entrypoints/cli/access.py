"""`fairway access list|show|set|remove|audit`: which repository may deploy as which team, without the portal.

The rule not to break: whoever can run this may change everything; each change is in the audit trail with his name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.command import flag_command
from fairway.entrypoints.cli.flags.flag import Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables.access import ACCESS, access_options
from fairway.entrypoints.cli.output import emit, output_option, screen_width, table
from fairway.entrypoints.cli.running import run_async
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.access.registrations import AccessChange, Registration
    from fairway.wiring.access import Access

KEPT_IN = Group("Where registrations are kept", [flag for flag in ACCESS.flags if flag.name.startswith("s3-")])

repository_word = click.argument("repository", metavar="OWNER/NAME")


@click.group()
def access() -> None:
    """Which repository may deploy as which team.

    Registrations are in the ledger's database, or in S3 when an endpoint or a bucket is named. The portal shows and
    changes the same ones; there it is GitHub that says who may.

    \b
    Examples:
      fairway access list
      fairway access set shop/web web orders
      fairway access remove shop/web
      fairway access audit shop/web
    """


@flag_command(KEPT_IN, name="list")
@click.argument("text", default="")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="At most so many.")
@output_option()
def list_registrations(text: str, limit: int, output: str, given: Given) -> int:
    """List registrations; with TEXT those whose repository or team contains it.

    \b
    Examples:
      fairway access list
      fairway access list web --output json
    """
    return run_async(_list(given, text, limit, output))


async def _list(given: Given, text: str, limit: int, output: str) -> int:
    async with _opened(given) as opened:
        found = await opened.store.search(text, limit=limit)
    emit([_data(one) for one in found], output, lambda: _table(found) if found else "no repository is registered")
    return 0


@flag_command(KEPT_IN)
@repository_word
@output_option()
def show(repository: str, output: str, given: Given) -> int:
    """Show the teams as which a repository may deploy. Exit code 1 when it is not registered.

    \b
    Example:
      fairway access show shop/web
    """
    return run_async(_show(given, repository, output))


async def _show(given: Given, repository: str, output: str) -> int:
    from fairway.domain.access.names import repository_name

    async with _opened(given) as opened:
        found = await opened.store.read(repository_name(repository))
    if found is None:
        click.echo(f"{repository} is not registered; fairway access set {repository} TEAM registers it", err=True)
        return 1
    emit(_data(found), output, lambda: "\n".join(found.teams))
    return 0


@flag_command(KEPT_IN, name="set")
@repository_word
@click.argument("teams", metavar="TEAM…", nargs=-1, required=True)
@output_option()
def set_teams(repository: str, teams: Sequence[str], output: str, given: Given) -> int:
    """Let a repository deploy as these teams, and as no others. TEAM is the slug of a team at GitHub.

    \b
    Examples:
      fairway access set shop/web web
      fairway access set shop/web web orders
    """
    return run_async(_change(given, repository, teams, output))


@flag_command(KEPT_IN)
@repository_word
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@output_option()
def remove(repository: str, yes: bool, output: str, given: Given) -> int:
    """Take a repository out: it may not deploy any more.

    \b
    Example:
      fairway access remove shop/web
    """
    return run_async(_change(given, repository, (), output, yes=yes))


async def _change(given: Given, repository: str, teams: Sequence[str], output: str, *, yes: bool = True) -> int:
    async with _opened(given) as opened:
        seen = await opened.store.read(repository)
        if seen is None and not teams:
            raise UserError(f"{repository} is not registered", fix="see fairway access list")
        if seen is not None and not yes:
            question = f"{seen.repository} may deploy as {', '.join(seen.teams)}. Take it out?"
            click.confirm(question, abort=True, err=True)
        who = load_settings().user
        stored = await opened.changing().change(repository, teams, seen=seen, who=who, via="cli")
    before = list(seen.teams) if seen else []
    after = list(stored.teams) if stored else []
    data = {"repository": stored.repository if stored else repository, "before": before, "after": after}
    emit(data, output, lambda: _told(data["repository"], before, after))
    return 0


@flag_command(KEPT_IN)
@click.argument("repository", metavar="[OWNER/NAME]", default="")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@output_option()
def audit(repository: str, limit: int, output: str, given: Given) -> int:
    """Show who changed registrations, newest first; of one repository, or of all.

    \b
    Examples:
      fairway access audit
      fairway access audit shop/web --output json
    """
    return run_async(_audit(given, repository, limit, output))


async def _audit(given: Given, repository: str, limit: int, output: str) -> int:
    async with _opened(given) as opened:
        found = await opened.trail.newest(repository=repository, limit=limit)
    emit(found, output, lambda: _trail(found) if found else "no change is known")
    return 0


for _command in (list_registrations, show, set_teams, remove, audit):
    access.add_command(_command)


@asynccontextmanager
async def _opened(given: Given) -> AsyncIterator[Access]:
    from fairway.wiring.access import open_access

    given.warn()
    options = access_options(given)
    settings = load_settings()
    if settings.ledger_url == "none" and not options.in_s3:
        raise UserError(
            "registrations are kept in the ledger's database, and FAIRWAY_LEDGER_URL is none",
            fix="name a database there, or a bucket with --s3-bucket-name",
        )
    async with open_access(settings, options) as opened:
        yield opened


def _data(one: Registration) -> dict[str, Any]:
    return {"repository": one.repository, "teams": list(one.teams)}


def _table(found: Sequence[Registration]) -> str:
    return table(("REPOSITORY", "TEAMS"), [(one.repository, ", ".join(one.teams)) for one in found], screen_width())


def _told(repository: Any, before: Sequence[str], after: Sequence[str]) -> str:
    if not after:
        return f"{repository} may not deploy any more; it could as {', '.join(before)}"
    was = f"; before as {', '.join(before)}" if before and before != after else ""
    return f"{repository} may deploy as {', '.join(after)}{was}"


def _trail(found: Sequence[AccessChange]) -> str:
    from fairway.entrypoints.cli.times import ago

    rows = [
        (ago(one.at), one.who, one.via, one.repository, _words(one.before), _words(one.after), _doubt(one))
        for one in found
    ]
    return table(("WHEN", "WHO", "BY", "REPOSITORY", "BEFORE", "AFTER", ""), rows, screen_width())


def _words(teams: Sequence[str]) -> str:
    return ", ".join(teams) or "–"


def _doubt(one: AccessChange) -> str:
    return "" if one.certain else "it is not certain that it was carried out"
