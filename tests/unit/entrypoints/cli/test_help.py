"""Every verb explains itself: what it does, how it is called, an example."""

from collections.abc import Iterator

import click
import pytest

from fairway.entrypoints.cli.main import VERBS, cli


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = list(commands(cli))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command_has_help_and_so_has_each_of_its_options(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    first = command.help.strip().splitlines()[0]
    assert first.endswith((".", ":")), first
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help and not p.hidden]
    assert silent == []


@pytest.mark.parametrize(
    "verb", [v for v in VERBS if not isinstance(cli.get_command(click.Context(cli), v), click.Group)]
)
def test_every_verb_gives_an_example_that_calls_it(verb: str) -> None:
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    text = command.help or ""
    assert "Example" in text
    assert f"fairway {command.name}" in text.partition("Example")[2]


def test_verbs_are_listed_in_one_line_each() -> None:
    assert [verb for verb, about in VERBS.items() if len(about.help) > 80 or about.help.endswith(".")] == []
