"""How mistakes and failures look on a terminal: what, where, and how to fix it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fairway.domain.errors import Diagnostic, FairwayError, InvalidInput, Severity
from fairway.entrypoints.cli.render import style
from fairway.settings import load_settings

MOST_INDENT = 34
"""A fix stands below its message, but not so far to the right that it breaks on a narrow terminal."""

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def warn(text: str) -> None:
    """A warning on stderr."""
    _say(f"{click.style('warning', fg='yellow')}: {text}")


def show_error(error: FairwayError, *, about: str = "") -> None:
    """One error on stderr: `where: error: message`, then the fix, indented; all of them for `InvalidInput`.

    `about` is what it concerns when the command goes on with others: the name of an environment.
    """
    if isinstance(error, InvalidInput):
        show_diagnostics(error.diagnostics)
        return
    prefix = f"{error.where}: " if error.where else f"{about}: " if about else ""
    _say(f"{prefix}{click.style('error', fg='red', bold=True)}: {error.message}")
    if error.fix:
        _say(f"  {error.fix}")


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """All diagnostics of a run on stderr, each with its position and fix, then the count."""
    for item in diagnostics:
        _say(diagnostic_text(item))
    errors = sum(1 for item in diagnostics if item.severity is Severity.ERROR)
    warnings = sum(1 for item in diagnostics if item.severity is Severity.WARNING)
    _say(f"{style.count(errors, 'error')}, {style.count(warnings, 'warning')}")


def diagnostic_text(item: Diagnostic) -> str:
    """`file:line:col  severity  message`, and the fix below the message."""
    if item.position is None:
        text = f"{click.style(str(item.severity), fg=_COLORS[item.severity])}: {item.message}"
        return f"{text}\n  {item.fix}" if item.fix else text
    place = str(item.position)
    level = click.style(f"{item.severity:<7}", fg=_COLORS[item.severity])
    text = f"{place}  {level}  {item.message}"
    return f"{text}\n{'':{min(len(place), MOST_INDENT)}}           {item.fix}" if item.fix else text


def _say(text: str) -> None:
    """On stderr, in colour as the settings say: errors that end a command are told when click's context is gone."""
    click.echo(text, err=True, color=load_settings().color)
