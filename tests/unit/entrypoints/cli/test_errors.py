"""Errors are in colour where the environment says so, also those that are told when the command is over."""

from __future__ import annotations

import pytest
from click import unstyle

from fairway.domain.errors import Diagnostic, InvalidInput, Position, Severity, UserError
from fairway.entrypoints.cli.errors import diagnostic_text, show_error

ERRORS = [
    UserError("no such release", fix="see fairway list release"),
    InvalidInput([Diagnostic("unknown key", Position("environments.yaml", 3, 1), "remove it")]),
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(("variable", "colored"), [("NO_COLOR", False), ("FORCE_COLOR", True)])
def test_the_environment_decides_about_colour(
    error: UserError, variable: str, colored: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "1")
    show_error(error)
    shown = capsys.readouterr().err
    assert ("\x1b[" in shown) is colored
    assert error.message.split(" (")[0] in shown.replace("\x1b[0m", "")


def test_a_warning_about_no_place_has_none() -> None:
    item = Diagnostic("resources have other teams", None, "they are deployed as one", Severity.WARNING)
    assert unstyle(diagnostic_text(item)) == "warning: resources have other teams\n  they are deployed as one"
