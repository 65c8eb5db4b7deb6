"""A command with flags from tables: `--help` shows them by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.option import FlagOption


class FlagCommand(click.Command):
    """Its callback gets `given: Given` beside the parameters of the usual options."""

    def __init__(self, *args: Any, groups: Sequence[Group] = (), **kwargs: Any) -> None:
        self.groups = tuple(groups)
        super().__init__(*args, **kwargs)
        for flag in (flag for group in self.groups for flag in group.flags):
            self.params.append(FlagOption(flag))
            if flag.secret:
                self.params.append(FlagOption(flag, file=True))

    def invoke(self, ctx: click.Context) -> Any:
        flags = {one.name for one in self.params if isinstance(one, FlagOption)}
        given = Given(ctx)
        if self.callback is None:
            return None
        others = {name: value for name, value in ctx.params.items() if name not in flags}
        return ctx.invoke(self.callback, given=given, **others)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        mine = [one for one in self.get_params(ctx) if not isinstance(one, FlagOption)]
        self._write(formatter, "Options", mine, ctx)
        by_name = {one.flag.name: one for one in self.params if isinstance(one, FlagOption) and not one.of_file}
        for group in self.groups:
            self._write(formatter, group.title, [by_name[flag.name] for flag in group.flags], ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.groups:
            formatter.write_paragraph()
            formatter.write_text(_variables([flag for group in self.groups for flag in group.flags]))

    @staticmethod
    def _write(
        formatter: click.HelpFormatter, title: str, params: Sequence[click.Parameter], ctx: click.Context
    ) -> None:
        rows = [row for one in params if (row := one.get_help_record(ctx)) is not None]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows, col_max=34)


def _variables(flags: Sequence[Flag]) -> str:
    """What `--help` says of variables, with examples out of the command's own flags."""
    first = flags[0]
    text = f"Each option has a variable: --{first.name} is {first.variables[0]}"
    if old := next((flag for flag in flags if len(flag.variables) > 1), None):
        text += f"; those of earlier programs also have the old one, as {old.variables[1]} for --{old.name}"
    text += ". The command line goes before both."
    if any(flag.secret for flag in flags):
        text += " Secrets are best given as files, one in a line where there may be several."
    return text


def flag_command(*groups: Group, name: str | None = None) -> Callable[[Callable[..., Any]], FlagCommand]:
    """Decorates a verb's function, as `click.command()` does."""

    def made(function: Callable[..., Any]) -> FlagCommand:
        command = click.command(name=name, cls=FlagCommand, groups=groups)(function)
        assert isinstance(command, FlagCommand)
        return command

    return made
