"""The options that many verbs share, so that they are named and explained alike everywhere.

The rule not to break: a verb that works on environments takes them by `environment_argument` and `chosen`, never by
own rules.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.progress import Event, Reporter
    from fairway.domain.repository.models import Environment, Repository

Command = Callable[..., Any]


def environments_file_option(command: Command) -> Command:
    """`-f/--environments-file`; the parameter is `environments_file: Path`."""
    return click.option(
        "--environments-file",
        "-f",
        type=click.Path(path_type=Path, dir_okay=False),
        default=_usual_environments_file,
        show_default="environments.yaml",
        metavar="PATH",
        help="The file that declares clusters and environments.",
    )(command)


def _usual_environments_file() -> Path:
    """What stands before the verb (`fairway -f other.yaml apply`), else the setting."""
    context = click.get_current_context(silent=True)
    before = context.find_root().params.get("environments_file") if context is not None else None
    return before or load_settings().environments_file


def file_words() -> str:
    """` -f PATH` for a command that is to be typed next, when this one was given another file; else nothing."""
    context = click.get_current_context(silent=True)
    if context is None:
        return ""
    given = context.params.get("environments_file") or context.find_root().params.get("environments_file")
    return f" -f {shlex.quote(str(given))}" if given and Path(given) != load_settings().environments_file else ""


def with_file(report: Reporter) -> Reporter:
    """The reporter, with `-f PATH` on the commands that it shows, where it is needed."""
    words = file_words()
    if not words:
        return report

    from fairway.domain.progress import RunFinished

    def adjusted(event: Event) -> None:
        if isinstance(event, RunFinished):
            event = replace(event, next_steps=tuple((what, command + words) for what, command in event.next_steps))
        report(event)

    return adjusted


def cluster_option(command: Command) -> Command:
    """`-c/--cluster`; the parameter is `cluster: str | None`."""
    return click.option(
        "--cluster",
        "-c",
        metavar="NAME",
        shell_complete=_completes(lambda repository, _: [one.name for one in repository.clusters]),
        help="All environments of this cluster.",
    )(command)


def releases_option(command: Command) -> Command:
    """`-r/--releases`, separated by commas and repeatable; the parameter is `releases: tuple[str, ...]`."""
    return click.option(
        "--releases",
        "-r",
        multiple=True,
        metavar="NAME,…",
        callback=_names,
        shell_complete=_completes(_release_names),
        help="Only these releases; can be given several times.",
    )(command)


def environment_argument(command: Command) -> Command:
    """`[ENV]`; the parameter is `environment: str | None`."""
    complete = _completes(lambda repository, _: [one.name for one in repository.environments])
    return click.argument("environment", metavar="[ENV]", required=False, shell_complete=complete)(command)


def _completes(names: Callable[[Repository, click.Context], Iterable[str]]) -> Callable[..., list[str]]:
    """Completion from the repository; a repository with mistakes completes nothing rather than break the shell."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from fairway.domain.errors import FairwayError
        from fairway.services.loading import load_repository

        file = context.params.get("environments_file") or load_settings().environments_file
        try:
            repository = load_repository(Path(file))
        except FairwayError:
            return []
        return [name for name in dict.fromkeys(names(repository, context)) if name.startswith(incomplete)]

    return complete


def _release_names(repository: Repository, context: click.Context) -> Iterable[str]:
    named = {context.params.get("environment"), *context.args}  # click leaves words unparsed before an open option
    wanted = next((one.name for one in repository.environments if one.name in named), None)
    chosen = [one for one in repository.environments if wanted in (None, one.name)]
    return (release.name for environment in chosen for release in environment.releases)


def _names(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for part in value for name in part.split(",") if name)


def loaded(environments_file: Path) -> Repository:
    """The repository; every mistake in it ends the command, warnings are told on stderr."""
    from fairway.entrypoints.cli.errors import diagnostic_text
    from fairway.services.loading import read_repository

    read = read_repository(environments_file)
    repository = read.complete()
    for warning in read.warnings:
        click.echo(diagnostic_text(warning), err=True)
    return repository


def chosen(
    repository: Repository, environment: str | None, cluster: str | None = None, *, every: bool = False
) -> tuple[Environment, ...]:
    """What ENV and -c mean, with the default of `fairway use`; see `services.choosing`."""
    from fairway.services.choosing import choose_environments, default_environment

    default = default_environment(load_settings().config_dir, Path(repository.environments_file))
    return choose_environments(repository, environment, cluster, default, every=every)
