"""The reference of the command line, from the commands themselves: what `--help` says, as Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from fairway.entrypoints.cli.main import VERBS, cli


def all_commands() -> str:
    """Every verb of the table, by section, with its sub-commands."""
    context = click.Context(cli, info_name="fairway")
    blocks: list[str] = []
    for section in dict.fromkeys(verb.section for verb in VERBS.values()):
        blocks.append(f"## {section}")
        for name, verb in VERBS.items():
            if verb.section == section:
                command = cli.get_command(context, name)
                assert command is not None
                blocks += command_blocks(command, click.Context(command, info_name=name, parent=context))
    return "\n\n".join(blocks)


def command_blocks(command: click.Command, context: click.Context) -> Iterator[str]:
    """Blocks of Markdown: heading, usage, help, options; then the same of each sub-command."""
    yield f"### {context.command_path}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```\n{context.command_path} {usage}\n```"
    yield from _prose(command)
    options = [one for one in command.get_params(context) if isinstance(one, click.Option) and "--help" not in one.opts]
    if options:
        rows = [_row(option, context) for option in options]
        yield "\n".join(["| option | |", "| --- | --- |", *rows])
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from command_blocks(child, click.Context(child, info_name=name, parent=context))


def _prose(command: click.Command) -> Iterator[str]:
    r"""Paragraphs as text; those that click must not wrap (marked by \b) as code, below their title."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if not paragraph.startswith("\b"):
            yield " ".join(paragraph.split("\n"))
            continue
        title, *lines = paragraph.removeprefix("\b\n").split("\n")
        if not lines:
            yield title
            continue
        if not title.endswith(":"):
            title, lines = "", [title, *lines]
        if title:
            yield title
        yield "```\n" + inspect.cleandoc("\n".join(lines)) + "\n```"


def _row(option: click.Option, context: click.Context) -> str:
    names, meaning = option.get_help_record(context) or ("", "")
    return f"| `{_cell(names)}` | {_cell(meaning)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
