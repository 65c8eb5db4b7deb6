"""What was given, for the owners of options: secrets out of their files, fields by their names.

The rule not to break: who gives nothing gets the owner's defaults; nothing is decided here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.kinds import Unfit
from fairway.entrypoints.cli.flags.option import FlagOption, parameter_name

log = logging.getLogger(__name__)

Options = TypeVar("Options")


class Given:
    """The flags of one call of a command."""

    def __init__(self, context: click.Context) -> None:
        self._context = context
        self._options = {one.name: one for one in context.command.params if isinstance(one, FlagOption)}

    def has(self, flag: Flag) -> bool:
        """Whether the command knows the flag at all."""
        return parameter_name(flag.name) in self._options

    def value(self, flag: Flag) -> Any:
        """None when it was not given. Raises UserError for a secret's file that can't be read."""
        plain = self._context.params.get(parameter_name(flag.name))
        if not flag.secret:
            return plain
        files = self._context.params.get(parameter_name(flag.file_name))
        if plain is not None and files:
            raise UserError(
                f"both {self.named(flag)} and {self.named(flag, file=True)} are given", fix="give one of them"
            )
        if not files:
            return plain
        lines = [line for file in files for line in self._lines(flag, file)]
        try:
            return tuple(lines) if flag.kind.many else flag.kind.read(lines)
        except Unfit as error:
            raise UserError(f"{self.named(flag, file=True)}: {files[-1]} holds no such value", fix=error.fix) from None

    def fill(self, options: type[Options], group: Group | Iterable[Flag], /, **more: Any) -> Options:
        """The owner's options, from all flags of a group that were given."""
        flags = group.flags if isinstance(group, Group) else group
        found = {flag.fills: value for flag in flags if (value := self.value(flag)) is not None}
        return options(**found, **more)

    def named(self, flag: Flag, *, file: bool = False) -> str:
        """The flag and its variable, for messages."""
        option = self._options[parameter_name(flag.file_name if file else flag.name)]
        return option.shown(self._context)

    def typed_secrets(self) -> list[str]:
        """Flags whose secret stands in the command line, where every user of the machine can read it."""
        return [
            option.opts[0]
            for name, option in self._options.items()
            if option.flag.secret
            and not option.of_file
            and self._context.get_parameter_source(name or "") is ParameterSource.COMMANDLINE
        ]

    def warn(self) -> None:
        """About what is allowed, but better done otherwise."""
        for name in self.typed_secrets():
            log.warning("flags.visible", extra={"flag": name, "fix": f"use {name}-file or its variable"})

    def _lines(self, flag: Flag, file: Path) -> Sequence[str]:
        """One secret in each line; with a kind that takes but one, all lines together."""
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise UserError(
                f"{self.named(flag, file=True)}: {file} can't be read: {why}", fix="name a file that can be read"
            ) from error
        lines = text.splitlines() if flag.kind.many else [text.removesuffix("\n").removesuffix("\r")]
        found = [line.strip() if flag.kind.many else line for line in lines if line.strip()]
        if not found:
            raise UserError(f"{self.named(flag, file=True)}: {file} is empty", fix="put the secret into it")
        return found
