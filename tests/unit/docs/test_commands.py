"""The reference of the command line, from commands made for the test."""

import click

from fairway.entrypoints.docs.commands import command_blocks
from fairway.entrypoints.docs.tables import table


@click.group()
def top() -> None:
    """Several things.

    \b
    Examples:
      top one    the first
    """


@top.command()
@click.argument("what")
@click.option("--form", "-o", type=click.Choice(["a", "b"]), default="a", show_default=True, help="Of the result.")
def one(what: str, form: str) -> None:
    """Do
    one thing."""


@top.command(hidden=False)
def two() -> None:
    """Do another."""


def blocks() -> list[str]:
    return list(command_blocks(top, click.Context(top, info_name="top")))


def test_prose_is_joined_and_examples_are_code_below_their_title() -> None:
    assert blocks()[:5] == [
        "### top",
        "```\ntop [OPTIONS] COMMAND [ARGS]...\n```",
        "Several things.",
        "Examples:",
        "```\ntop one    the first\n```",
    ]


def test_sub_commands_follow_with_their_whole_path() -> None:
    found = blocks()
    assert [block for block in found if block.startswith("###")] == ["### top", "### top one", "### top two"]
    assert "Do one thing." in found


def test_options_are_a_table_without_help_and_arguments() -> None:
    [options] = [block for block in blocks() if block.startswith("| option")]
    assert options.splitlines()[2:] == ["| `-o, --form [a\\|b]` | Of the result.  [default: a] |"]


def test_pipes_in_cells_do_not_end_them() -> None:
    assert table(["a"], [["x|y"]]) == "| a |\n| --- |\n| x\\|y |"
