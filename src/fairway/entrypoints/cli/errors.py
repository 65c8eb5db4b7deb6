"""How mistakes and failures look on a terminal: what, where, and how to fix it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fairway.domain.errors import Diagnostic, FairwayError, InvalidInput, Severity

MOST_INDENT = 34
"""A fix stands below its message, but not so far to the right that it breaks on a narrow terminal."""

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def warn(text: str) -> None:
    """A warning on stderr."""
    click.echo(f"{click.style('warning', fg='yellow')}: {text}", err=True)


def show_error(error: FairwayError, *, about: str = "") -> None:
    """One error on stderr: `where: error: message`, then the fix, indented; all of them for `InvalidInput`.

    `about` is what it concerns when the command goes on with others: the name of an environment.
    """
    if isinstance(error, InvalidInput):
        show_diagnostics(error.diagnostics)
        return
    prefix = f"{error.where}: " if error.where else f"{about}: " if about else ""
    click.echo(f"{prefix}{click.style('error', fg='red', bold=True)}: {error.message}", err=True)
    if error.fix:
        click.echo(f"  {error.fix}", err=True)


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """All diagnostics of a run on stderr, each with its position and fix, then the count."""
    for item in diagnostics:
        click.echo(diagnostic_text(item), err=True)
    errors = sum(1 for item in diagnostics if item.severity is Severity.ERROR)
    warnings = sum(1 for item in diagnostics if item.severity is Severity.WARNING)
    click.echo(f"{_count(errors, 'error')}, {_count(warnings, 'warning')}", err=True)


def diagnostic_text(item: Diagnostic) -> str:
    """`file:line:col  severity  message`, and the fix below the message."""
    place = str(item.position) if item.position else "-"
    level = click.style(f"{item.severity:<7}", fg=_COLORS[item.severity])
    text = f"{place}  {level}  {item.message}"
    return f"{text}\n{'':{min(len(place), MOST_INDENT)}}           {item.fix}" if item.fix else text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
