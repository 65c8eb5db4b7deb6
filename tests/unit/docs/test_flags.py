"""What guides say of flags and variables is what the commands take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fairway.entrypoints.cli.flags.command import FlagCommand
from fairway.entrypoints.cli.flags.option import FlagOption
from fairway.entrypoints.cli.main import VERBS, cli
from fairway.entrypoints.docs.flags import PROCESSES, process_flags

DOCS = Path(__file__).parents[3] / "docs"
GUIDES = ("github-deployments", "moving-from-nais-deploy", "security-model", "portal")
OTHERS = {
    "--install", "--namespace", "--from-literal", "--from-file", "--clusterrole", "--serviceaccount", "--as",
    "--NAME-file",
}  # fmt: skip
"""Of kubectl and helm, and a placeholder."""


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    for one in command.get_params(context):
        yield from one.opts
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from options(child, click.Context(child, parent=context))


@pytest.fixture(scope="module")
def known() -> set[str]:
    return set(options(cli, click.Context(cli)))


@pytest.mark.parametrize("guide", GUIDES)
def test_every_flag_in_a_guide_is_one_that_a_command_takes(guide: str, known: set[str]) -> None:
    text = (DOCS / "guide" / f"{guide}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[A-Za-z][\w-]*\w", text))
    assert named - known - OTHERS == set()


@pytest.mark.parametrize("guide", GUIDES)
def test_every_call_in_a_guide_is_of_a_verb_that_is_there(guide: str) -> None:
    text = (DOCS / "guide" / f"{guide}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^|`|\$ )fairway ([a-z]+)", text, flags=re.MULTILINE)) <= set(VERBS)


@pytest.mark.parametrize("process", PROCESSES)
def test_the_settings_list_every_flag_of_a_process_with_its_variables(process: str) -> None:
    command = cli.get_command(click.Context(cli), process)
    assert isinstance(command, FlagCommand)
    listed = process_flags()
    for option in (one for one in command.params if isinstance(one, FlagOption) and not one.of_file):
        assert f"`--{option.flag.name}`" in listed
        assert all(f"`{variable}`" in listed for variable in option.flag.variables)


@pytest.mark.parametrize("process", PROCESSES)
def test_no_two_flags_of_a_process_share_a_variable(process: str) -> None:
    command = cli.get_command(click.Context(cli), process)
    assert isinstance(command, FlagCommand)
    names = [name for one in command.params if isinstance(one, FlagOption) for name in one.variables]
    assert sorted(names) == sorted(set(names))
