"""Flags tried by themselves, without the verb that they belong to."""

from __future__ import annotations

import pytest

from fairway.entrypoints.cli.flags.command import flag_command
from fairway.entrypoints.cli.flags.flag import Group
from fairway.entrypoints.cli.flags.given import Given


class Trial:
    """Call it with the words of a command line: gives what was understood."""

    def __init__(self, *groups: Group) -> None:
        self._groups = groups
        self._seen: list[Given] = []

        @flag_command(*groups, name="try")
        def command(given: Given) -> None:
            """Try flags."""
            self._seen.append(given)

        self._command = command

    def __call__(self, *words: str) -> Given:
        self._command.main(list(words), standalone_mode=False)
        return self._seen[-1]

    def forget_variables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Those of this process don't count."""
        for group in self._groups:
            for flag in group.flags:
                for variable in (*flag.variables, *flag.file_variables):
                    monkeypatch.delenv(variable, raising=False)
