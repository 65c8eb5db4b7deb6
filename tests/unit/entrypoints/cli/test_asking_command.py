"""Whatever happens in a command that a pipeline calls ends with the pipeline's own codes."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fairway.domain.dispatch.endings import Ending
from fairway.domain.errors import Diagnostic, InvalidInput, Terminal, Transient, UserError
from fairway.entrypoints.cli.asking_command import AskingCommand
from fairway.entrypoints.cli.flags.flag import Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.kinds import Unfit
from fairway.entrypoints.cli.flags.tables.asking import TIMEOUT, VARIABLES


def raising(error: BaseException | None, *words: str, folder: Path) -> tuple[int, str]:
    @click.command(cls=AskingCommand, groups=(Group("How", (TIMEOUT,)),))
    def command(given: Given) -> None:
        given.value(TIMEOUT)
        if error is not None:
            raise error

    done = CliRunner().invoke(
        command, words, env={"FAIRWAY_DATA_DIR": str(folder), "TIMEOUT": "", "FAIRWAY_TIMEOUT": ""}
    )
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (None, Ending.SUCCESS),
        (UserError("no", fix="yes"), Ending.USAGE),
        (Terminal("no"), Ending.USAGE),
        (Transient("no"), Ending.USAGE),
        (InvalidInput([Diagnostic("no")]), Ending.TEMPLATE),
        (click.UsageError("no"), Ending.USAGE),
        (ValueError("nobody foresaw this"), Ending.INTERNAL),
        (click.exceptions.Exit(Ending.TIMEOUT), Ending.TIMEOUT),
    ],
)
def test_an_error_becomes_its_code(error: BaseException | None, ending: Ending, tmp_path: Path) -> None:
    assert raising(error, folder=tmp_path)[0] == ending


def test_wrong_options_are_usage_and_help_is_not(tmp_path: Path) -> None:
    assert raising(None, "--bogus", folder=tmp_path)[0] == Ending.USAGE
    assert raising(None, "--timeout", "soon", folder=tmp_path)[0] == Ending.USAGE
    assert raising(None, "--help", folder=tmp_path)[0] == 0


def test_a_crash_leaves_a_report(tmp_path: Path) -> None:
    code, output = raising(ValueError("token=hunter2hunter2"), folder=tmp_path)
    (report,) = (tmp_path / "crashes").iterdir()
    assert code == Ending.INTERNAL
    assert "a mistake in Fairway itself" in output
    assert "hunter2" not in output + report.read_text()


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["a=1"], [("a", "1")]),
        (["a=1,b=2", "c=3"], [("a", "1"), ("b", "2"), ("c", "3")]),
        (["a=1,2,3"], [("a", "1,2,3")]),
        (["a=x=y"], [("a", "x=y")]),
        (["a="], [("a", "")]),
        (["a=1\nb=two\nlines\n"], [("a", "1"), ("b", "two\nlines")]),
        (["image=r/x:1,limits.cpu=2"], [("image", "r/x:1"), ("limits.cpu", "2")]),
        (["url=https://x/?a=1&b=2"], [("url", "https://x/?a=1&b=2")]),
    ],
)
def test_a_comma_begins_a_variable_only_where_a_name_follows(texts: list[str], found: list[tuple[str, str]]) -> None:
    assert list(VARIABLES.read(texts)) == found


@pytest.mark.parametrize("text", ["", "a", "=x", " =x"])
def test_a_variable_without_a_name_is_refused_without_its_value(text: str) -> None:
    with pytest.raises(Unfit) as caught:
        VARIABLES.read([text])
    assert "NAME=VALUE" in caught.value.fix
