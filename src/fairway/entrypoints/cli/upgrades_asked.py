"""What a command line about upgrades asks for: where to look, at what, and where edits go.

The rule not to break: a command that is shown to be typed next edits no more than what was shown.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.opening import Place
from fairway.entrypoints.cli.options import chosen, loaded
from fairway.entrypoints.cli.upgrades_push import check_releases

if TYPE_CHECKING:
    from fairway.services.upgrades.checking import Wanted


class Edits(Enum):
    """Where upgrades are written."""

    NONE = "none"
    FILES = "files"
    LOCK = "lock"


patch_option = click.option("--patch", "-p", is_flag=True, help="Edit the files that say the versions.")
lock_option = click.option("--lock", is_flag=True, help="Write into fairway.lock.yaml, which wins.")


def place_of(environments_file: Path, environment: str | None, cluster: str | None, releases: tuple[str, ...]) -> Place:
    """All environments unless one is named. Raises UserError for a release that none of them has."""
    repository = loaded(environments_file)
    place = Place(repository, chosen(repository, environment, cluster, every=True))
    check_releases(repository, place.environments, releases)
    return place


def wanted(releases: tuple[str, ...], image: str | None) -> Wanted:
    from fairway.domain.upgrades.images import BadImageName, ImageReference, parse_image
    from fairway.services.upgrades.checking import Wanted

    if image is None:
        return Wanted(frozenset(releases))
    try:
        name = parse_image(image).name
    except BadImageName as error:
        raise UserError(f'"{image}" is not an image: {error}', fix="e.g. -i registry.example/shop/web") from error
    return Wanted(
        frozenset(releases),
        charts=False,
        concerns=lambda watch: isinstance(watch.subject, ImageReference) and watch.subject.name == name,
    )


def edits_of(*, patch: bool, push: bool, lock: bool) -> Edits:
    if patch and push:
        raise UserError("--patch edits files here, --push writes at the remote", fix="give one of the two")
    if lock and not (patch or push):
        raise UserError("--lock says where --patch or --push writes", fix="give both: --patch --lock")
    return Edits.LOCK if lock else Edits.FILES if patch else Edits.NONE


def narrowing(
    environment: str | None, cluster: str | None, releases: tuple[str, ...] = (), image: str | None = None
) -> list[str]:
    """What narrows it down, as it was typed: who repeats it edits no more than what was shown."""
    given = [("", environment), ("-c", cluster), ("-r", ",".join(releases)), ("-i", image)]
    return [word for option, value in given if value for word in (option, value) if word]
