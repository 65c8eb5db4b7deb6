"""`fairway holds list|add|remove`: versions that upgrades must not bring again.

The rule not to break: Git is left to the caller; what is written is one file, and what to do with it is said.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.errors import UserError
from fairway.domain.repository.findings import suggestion
from fairway.entrypoints.cli.errors import show_error
from fairway.entrypoints.cli.opening import Place
from fairway.entrypoints.cli.options import (
    chosen,
    environment_argument,
    environments_file_option,
    file_words,
    loaded,
)
from fairway.entrypoints.cli.output import emit, output_option, screen_width, table
from fairway.entrypoints.cli.running import run_async
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.repository.models import Environment, Release
    from fairway.domain.upgrades.holds import Hold
    from fairway.services.upgrades.checking import Problem

environment_word = click.argument("environment", metavar="ENV")
release_word = click.argument("release", metavar="RELEASE")
image_option = click.option(
    "--image", "-i", metavar="NAME", default="", help="Only this image of the release, or this chart."
)


@click.group()
def holds() -> None:
    """Versions that a release must not be brought to again.

    A version is held by an entry of fairway.holds.yaml, or because Git's log says that somebody took an upgrade by
    Fairway back. It stays held until it is lifted; a newer one is chosen as ever.

    \b
    Examples:
      fairway holds list prod
      fairway holds add prod web 1.9.1 --reason "leaks memory"
      fairway holds remove prod web 1.9.1
    """


@holds.command("list")
@environment_argument
@output_option()
@environments_file_option
def list_holds(environment: str | None, output: str, environments_file: Path) -> int:
    """List what is held, and why: from fairway.holds.yaml and from Git's log.

    \b
    Examples:
      fairway holds list
      fairway holds list prod --output json
    """
    repository = loaded(environments_file)
    place = Place(repository, chosen(repository, environment, every=True))
    return run_async(_list(place, output))


async def _list(place: Place, output: str) -> int:
    held, problems = await _survey(place)
    emit(_data(held), output, lambda: _table(held) if held else "nothing is held")
    return _told(problems)


@holds.command()
@environment_word
@release_word
@click.argument("version", metavar="VERSION")
@click.option("--reason", "-m", default="", metavar="TEXT", help="Why, for people.")
@image_option
@environments_file_option
def add(environment: str, release: str, version: str, reason: str, image: str, environments_file: Path) -> int:
    """Hold VERSION: upgrades of RELEASE in ENV do not choose it. Writes fairway.holds.yaml.

    A release that has the version already keeps it until its file says another one. For a version that is held
    already another --reason replaces the one that is written there.

    \b
    Example:
      fairway holds add prod web 1.9.1 --reason "leaks memory"
    """
    from fairway.domain.upgrades.holds import Hold
    from fairway.services.upgrades.holding import holds_file
    from fairway.wiring.clock import now

    if not version or not version.isprintable() or " " in version:
        raise UserError(f"{version!r} is no version", fix="name a tag, or a chart's version: e.g. 1.9.1")
    repository = loaded(environments_file)
    found = _declared(Place(repository, chosen(repository, environment)), release)
    file = holds_file(repository.root)
    settings = load_settings()
    hold = Hold(found[0].name, release, version, image, reason, settings.user, now())
    held = file.held(hold)
    if held is None:
        file.add(hold)
        click.echo(f"{environment}/{release} {version} is held; commit {file.shown}")
    elif reason and reason != held.reason:
        file.explain(held, reason, hold.by)
        click.echo(f"{environment}/{release} {version} is held already, now because: {reason}; commit {file.shown}")
    else:
        click.echo(f"{environment}/{release} {version} is held already: {held.told}")
    return 0


@holds.command()
@environment_word
@release_word
@click.argument("version", metavar="[VERSION]", required=False)
@image_option
@environments_file_option
def remove(environment: str, release: str, version: str | None, image: str, environments_file: Path) -> int:
    """Lift the hold on VERSION, or without VERSION all holds of RELEASE in ENV. Edits fairway.holds.yaml.

    Entries of the file go; what is held by Git's log gets an entry that lifts it.

    \b
    Examples:
      fairway holds remove prod web 1.9.1
      fairway holds remove prod web
    """
    repository = loaded(environments_file)
    place = Place(repository, chosen(repository, environment))
    _declared(place, release)
    return run_async(_remove(place, release, version, image))


async def _remove(place: Place, release: str, version: str | None, image: str) -> int:
    environment = place.one.name
    lifted, shown, problems = await _lift(place, release, version, image)
    code = _told(problems)
    if not lifted:
        what = f"{release} {version}" if version else release
        fix = f"see fairway holds list {environment}{file_words()}"
        raise UserError(f"nothing of {what} is held in {environment}", fix=fix)
    for hold in lifted:
        click.echo(f"{environment}/{release} {hold.version} is not held any more; commit {shown}")
    return code


async def _survey(place: Place) -> tuple[list[Hold], list[Problem]]:
    from fairway.entrypoints.cli.chart_notices import ChartNotices
    from fairway.services.upgrades.holding import survey
    from fairway.wiring import open_upgrades
    from fairway.wiring.holds import read_holds

    holding = await read_holds(place.repository)
    async with open_upgrades(load_settings(), place.repository, ChartNotices()) as upgrades:
        return await survey(holding, upgrades, place.environments)


async def _lift(place: Place, release: str, version: str | None, image: str) -> tuple[list[Hold], str, list[Problem]]:
    """What was lifted, and the file that says so."""
    from fairway.domain.upgrades.holds import same_version
    from fairway.services.upgrades.holding import holds_file
    from fairway.wiring.clock import now

    def meant(hold: Hold) -> bool:
        same = version is None or same_version(hold.version, version)
        return hold.release == release and same and (not image or hold.name == image)

    held, problems = await _survey(place)
    file = holds_file(place.repository.root)
    lifted = [hold for hold in held if meant(hold)]
    if any(hold.position is not None for hold in lifted):
        here = place.one.name
        file.remove([n for n, hold in enumerate(file.holds) if hold.environment == here and meant(hold)])
        held, problems = await _survey(place)
    for hold in held:
        if meant(hold):
            by = load_settings().user
            entry = replace(hold, lifted=True, reason=f"lifted: {hold.reason}", by=by, at=now())
            holds_file(place.repository.root).add(entry)
    return lifted, file.shown, problems


def _declared(place: Place, release: str) -> tuple[Environment, Release]:
    environment = place.one
    found = environment.release(release)
    if found is None:
        near = suggestion(release, [one.name for one in environment.releases])
        raise UserError(f'no release "{release}" in {environment.name}{near}', fix="see fairway list release")
    return environment, found


def _table(held: list[Hold]) -> str:
    rows = (
        (hold.environment, hold.release, hold.version, hold.name, hold.told, hold.position or "Git's log")
        for hold in held
    )
    return table(("ENVIRONMENT", "RELEASE", "VERSION", "IMAGE OR CHART", "WHY", "WHERE"), rows, screen_width())


def _data(held: list[Hold]) -> dict[str, Any]:
    """The contract of `--output json`: docs/spec/holds.md."""
    rows = [
        {
            "environment": hold.environment,
            "release": hold.release,
            "version": hold.version,
            "name": hold.name or None,
            "reason": hold.reason,
            "by": hold.by or None,
            "at": hold.at,
            "where": hold.position,
        }
        for hold in held
    ]
    return {"apiVersion": "fairway.dev/v1", "kind": "Holds", "holds": rows}


def _told(problems: list[Problem]) -> int:
    for item in problems:
        show_error(item.error, about=f"{item.environment}/{item.release}")
    return problems[0].error.exit_code if problems else 0
