"""The options that many verbs share, so that they are named and explained alike everywhere.

The rule not to break: a verb that works on environments takes them by `environment_argument` and `chosen`, never by
own rules.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.repository.models import Environment, Repository

Command = Callable[..., Any]


def environments_file_option(command: Command) -> Command:
    """`-f/--environments-file`; the parameter is `environments_file: Path`."""
    return click.option(
        "--environments-file",
        "-f",
        type=click.Path(path_type=Path, dir_okay=False),
        default=lambda: load_settings().environments_file,
        show_default="environments.yaml",
        metavar="PATH",
        help="The file that declares clusters and environments.",
    )(command)


def cluster_option(command: Command) -> Command:
    """`-c/--cluster`; the parameter is `cluster: str | None`."""
    return click.option("--cluster", "-c", metavar="NAME", help="All environments of this cluster.")(command)


def releases_option(command: Command) -> Command:
    """`-r/--releases`, separated by commas and repeatable; the parameter is `releases: tuple[str, ...]`."""
    return click.option(
        "--releases",
        "-r",
        multiple=True,
        metavar="NAME,…",
        callback=_names,
        help="Only these releases; can be given several times.",
    )(command)


def environment_argument(command: Command) -> Command:
    """`[ENV]`; the parameter is `environment: str | None`."""
    return click.argument("environment", metavar="[ENV]", required=False)(command)


def _names(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for part in value for name in part.split(",") if name)


def loaded(environments_file: Path) -> Repository:
    """The repository; every mistake in it ends the command."""
    from fairway.services.loading import load_repository

    return load_repository(environments_file)


def chosen(
    repository: Repository, environment: str | None, cluster: str | None = None, *, every: bool = False
) -> tuple[Environment, ...]:
    """What ENV and -c mean, with the default of `fairway use`; see `services.choosing`."""
    from fairway.services.choosing import choose_environments, default_environment

    default = default_environment(load_settings().config_dir, Path(repository.environments_file))
    return choose_environments(repository, environment, cluster, default, every=every)
