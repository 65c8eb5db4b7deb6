"""A flag as click sees it: from the command line, else from its variables, else not given.

The rule not to break: a complaint names the flag and the variable, and never repeats a secret.
"""

from __future__ import annotations

from typing import Any

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.flag import Flag
from fairway.entrypoints.cli.flags.kinds import FILES, Kind, Unfit
from fairway.settings import process_environment


class FlagOption(click.Option):
    """The parameter is what the flag's kind makes of it, or None when it was not given."""

    def __init__(self, flag: Flag, *, file: bool = False) -> None:
        self.flag = flag
        self.of_file = file
        self.kind: Kind = FILES if file else flag.kind
        self.variables = flag.file_variables if file else flag.variables
        name = flag.file_name if file else flag.name
        alone = {"is_flag": False, "flag_value": self.kind.alone} if self.kind.alone else {}
        super().__init__(
            [f"--{name}", parameter_name(name)],
            multiple=True,
            type=click.UNPROCESSED,
            metavar=self.kind.metavar,
            help=flag.help,
            hidden=file,
            **alone,  # type: ignore[arg-type]
        )

    def value_from_envvar(self, ctx: click.Context) -> Any:
        environment = process_environment()
        for variable in self.variables:
            if text := environment.get(variable):
                ctx.meta[f"variable of {self.name}"] = variable
                return (text,)
        return None

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        texts = super().process_value(ctx, value)
        if not texts:
            return None
        try:
            return self.kind.read(texts)
        except Unfit as error:
            problem = "its value can't be read" if self.flag.secret and not self.of_file else str(error)
            raise UserError(f"{self.shown(ctx)}: {problem}", fix=error.fix) from None

    def shown(self, ctx: click.Context) -> str:
        """`--kafka-brokers (KAFKA_BROKERS)`: the variable that was read, or that could be set."""
        variable = ctx.meta.get(f"variable of {self.name}", self.variables[0])
        return f"{self.opts[0]} ({variable})"

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        if self.hidden:
            return None
        names = f"{self.opts[0]} {self.kind.metavar}"
        if self.flag.secret:
            names += f", --{self.flag.file_name} FILE"
        default = f"  [default: {self.flag.default}]" if self.flag.default else ""
        return names, f"{self.flag.help}{default}"


def parameter_name(flag: str) -> str:
    """As click names the parameter; no word of Python's own, and none that a verb has itself."""
    return "flag_" + flag.replace("-", "_")
