"""What to do about Git after `fairway rollback`: said, or done with --revert.

The rule not to break: the rollback itself is over by then; whatever goes wrong here is told and changes nothing of it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import FairwayError
from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.errors import show_error
from fairway.entrypoints.cli.opening import Place
from fairway.entrypoints.cli.options import file_words
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.domain.releases.revision import Revision
    from fairway.domain.repository.models import Release
    from fairway.services.upgrades.rolled_back import StillDeclared


async def look_at_git(settings: Settings, place: Place, release: Release, revision: Revision, *, revert: bool) -> int:
    """Say what the next apply does and how to keep it from that, or edit the files. An exit code."""
    from fairway.services.upgrades.rolled_back import declares_otherwise, still_declared
    from fairway.services.upgrades.standing import Standings
    from fairway.wiring import open_upgrades

    environment = place.one
    try:
        async with open_upgrades(settings, place.repository, ChartNotices()) as upgrades:
            standings = Standings(upgrades)
            found = await still_declared(standings, environment, release, revision)
            otherwise = not found and await declares_otherwise(standings, environment, release, revision)
    except FairwayError as error:
        show_error(error, about="what Git declares")
        return error.exit_code if revert else 0
    if not found:
        if revert:
            click.echo("no version that a trigger follows is declared otherwise in Git: nothing to revert", err=True)
        if otherwise:
            again = f"fairway plan {environment.name} -r {release.name}{file_words()}"
            click.echo("\nGit declares something else: the next apply, and the agent, bring it back.", err=True)
            click.echo(f"  what that would be: {again}", err=True)
        return 0
    if revert:
        return await _revert(settings, place, release.name, found)
    _say(place.one.name, release.name, found)
    return 0


def _say(environment: str, release: str, found: list[StillDeclared]) -> None:
    for item in found:
        click.echo(f"\nGit still declares {item.key} {item.declared} ({item.where}).", err=True)
        click.echo(f"The next apply, and the agent, bring it back. To stay at {item.running}:", err=True)
        click.echo(f'  write "{item.running}" in {item.where}, and commit', err=True)
        version = shlex.quote(item.declared.partition("@")[0])
        command = f"fairway holds add {environment} {release} {version} --reason rollback{file_words()}"
        click.echo(f"  {command}", err=True)
    click.echo("Next time rollback --revert edits the files.", err=True)


async def _revert(settings: Settings, place: Place, release: str, found: list[StillDeclared]) -> int:
    from fairway.services.upgrades.changes import RevertChange
    from fairway.services.upgrades.holding import holds_file
    from fairway.wiring import open_upgrades
    from fairway.wiring.clock import now

    code = 0
    for item in found:
        change = RevertChange(
            environment=place.one.name,
            release=release,
            key_of_value=item.key,
            from_version=item.declared,
            to_version=item.running,
            reason="rolled back",
            opened=lambda repository: open_upgrades(settings, repository, ChartNotices()),
            by=settings.user,
            at=now(),
        )
        try:
            edited = await change.make(place.repository)
        except FairwayError as error:
            show_error(error, about=f"{place.one.name}/{release}")
            code = code or error.exit_code
            continue
        if edited is not None:
            click.echo(f"{item.where}: {item.key} {item.declared} → {item.running}", err=True)
            version = item.declared.partition("@")[0]
            click.echo(f"{version} is held; commit these edits and {holds_file(place.repository.root).shown}", err=True)
    return code
