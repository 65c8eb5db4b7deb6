"""The flags of processes with their variables, from the tables that the commands are made of."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fairway.entrypoints.cli.flags.command import FlagCommand
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.main import cli
from fairway.entrypoints.docs.tables import table

PROCESSES = ("hookd", "deployd", "serve")


def process_flags() -> str:
    """One table for each group, and which of the processes takes it."""
    groups: dict[str, Group] = {}
    takers: dict[str, list[str]] = {}
    for name in PROCESSES:
        for group in _groups(name):
            groups.setdefault(_key(group), group)
            takers.setdefault(_key(group), []).append(name)
    return "\n\n".join(_block(group, takers[key]) for key, group in groups.items())


def _groups(name: str) -> Iterator[Group]:
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, FlagCommand)
    yield from command.groups


def _key(group: Group) -> str:
    return " ".join([group.title, *(flag.name for flag in group.flags)])


def _block(group: Group, takers: list[str]) -> str:
    where = "" if len(takers) == len(PROCESSES) else f" ({', '.join(takers)})"
    rows = [
        [_names(flag), ", ".join(f"`{one}`" for one in flag.variables), flag.help.rstrip("."), flag.default]
        for flag in group.flags
    ]
    return f"### {group.title}{where}\n\n{table(['flag', 'variable', 'means', 'default'], rows)}"


def _names(flag: Flag) -> str:
    return f"`--{flag.name}`, `--{flag.file_name}`" if flag.secret else f"`--{flag.name}`"
