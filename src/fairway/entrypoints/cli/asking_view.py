"""What people see of a deployment that they asked for: one line for each status, and how it ended.

The rule not to break: what a server says is text of others: without control characters, and in GitHub Actions never a
command.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from fairway.domain.dispatch.endings import MEANING, Ending
from fairway.domain.dispatch.wanted import Receipt, Told, Wanted
from fairway.domain.errors import Diagnostic, FairwayError, InvalidInput
from fairway.entrypoints.cli.progress_line import ProgressLine
from fairway.entrypoints.cli.render.style import clean, count
from fairway.entrypoints.cli.render.workflow_commands import data, harmless, in_property
from fairway.services.asking.asking import Ended

_COLORS = {"success": "green", "failure": "red", "error": "red", "inactive": "yellow", "in_progress": "cyan"}
_SAYS_ITSELF = ("Error in deployment request: ", "Deployment failed")
"""How descriptions begin that need no state before them."""
_ADDRESS = re.compile(r"https?://[^\s<>]+")
_MISTAKES = ("failure", "error")
WIDEST = 11
LONGEST_DETAIL = 40
"""Lines; the page has all of them."""
QUIET = 20.0
"""Seconds without news after which a log says that it still waits."""


class AskingView:
    """Implements `services.asking.asking.Listener`; lines go to stderr."""

    def __init__(self, *, quiet: bool = False, actions: bool = False, summary: str = "", output: str = "") -> None:
        self.statuses: list[Told] = []
        self._line = ProgressLine() if sys.stderr.isatty() and not actions else None
        self._waited = self._told_after = 0.0
        self._quiet = quiet
        self._actions = actions
        self._summary = Path(summary) if summary and actions else None
        self._output = Path(output) if output and actions else None

    def begin(self, wanted: Wanted, to: str) -> None:
        kinds = [f"{one['kind']} {one['metadata']['name']}" for one in wanted.resources]
        where = f"{wanted.repository} · team {wanted.team} · {wanted.cluster}"
        self._say(clean(f"{where} · {count(len(kinds), 'resource')} · {to}"))
        if self._actions and not self._quiet:
            click.echo(f"::group::{data(count(len(kinds), 'resource'))}", err=True)
        for kind in kinds:
            self._say(clean(f"  {kind}"))
        if self._actions and not self._quiet:
            click.echo("::endgroup::", err=True)

    @contextmanager
    def mistakes(self) -> Iterator[None]:
        """What is wrong with the input is told as annotations where it runs in GitHub Actions."""
        from fairway.entrypoints.cli.lint_forms import annotation

        try:
            yield
        except FairwayError as error:
            if not self._actions:
                raise
            found = (
                error.diagnostics if isinstance(error, InvalidInput) else (Diagnostic(error.message, fix=error.fix),)
            )
            for one in found:
                click.echo(annotation(replace(one, message=clean(one.message))), err=True)
            ending = Ending.TEMPLATE if isinstance(error, InvalidInput) else Ending.USAGE
            raise click.exceptions.Exit(ending) from error

    def warn(self, warnings: Sequence[Diagnostic]) -> None:
        from fairway.entrypoints.cli.errors import diagnostic_text
        from fairway.entrypoints.cli.lint_forms import annotation

        if self._quiet:
            return
        for one in warnings:
            click.echo(annotation(one) if self._actions else diagnostic_text(one), err=True)

    def asked(self, receipt: Receipt) -> None:
        code = f"{receipt.code} " if receipt.code else ""
        self._say(clean(f"{'asked for':<{WIDEST}}  {receipt.id}  {code}{receipt.text}").rstrip())
        if receipt.log_url:
            self._say(clean(f"{'':<{WIDEST}}  {receipt.log_url}"))

    def status(self, told: Told) -> None:
        self.statuses.append(told)
        self._told_after = self._waited
        state = click.style(f"{clean(told.state):<{WIDEST}}", fg=_COLORS.get(told.state))
        self._say(f"{state}  {told.at:%H:%M:%S}  {clean(told.description)}".rstrip())
        if told.state in _MISTAKES:
            for line in _detail(told):
                self._say(f"{'':<{WIDEST}}  {line}".rstrip())

    def waiting(self, state: str, seconds: float) -> None:
        """On a terminal one line that is written over; in a log a line when there was no news for long."""
        what = f"still {clean(state)}" if state else "no status yet"
        if self._line is not None and not self._quiet:
            self._line(f"{what}; waiting for the outcome")
        elif seconds - self._told_after >= QUIET:
            self._say(f"{'':<{WIDEST}}  {what} after {seconds:.0f} s")
            self._told_after = seconds
        self._waited = seconds

    def trouble(self, error: FairwayError, again_in: float) -> None:
        self._say(f"{'again':<{WIDEST}}  in {again_in:.0f} s: {clean(error.message)}")

    def end(self, ended: Ended, seconds: float, wanted: Wanted) -> None:
        """Mistakes are told also when it is to be quiet."""
        self._clear()
        text = ending_text(ended, seconds)
        if ended.ending is Ending.SUCCESS:
            self._say(click.style(clean(text), fg="green"))
        else:
            self._tell_mistake(ended, text, wanted)
        self._write_summary(ended, text, wanted)
        self._write_outputs(ended)

    def _tell_mistake(self, ended: Ended, text: str, wanted: Wanted) -> None:
        fix = fix_of(ended)
        if self._actions:
            title = in_property(f"{wanted.repository.name} to {wanted.cluster}: {ended.ending.name.lower()}")
            detail = _detail(ended.last) if ended.last else []
            shown = "\n".join(part for part in (text, *detail, fix, link_of(ended)) if part)
            level = "warning" if ended.ending is Ending.INACTIVE else "error"
            click.echo(f"::{level} title={title}::{data(clean(shown))}", err=True)
            return
        click.echo(f"{click.style('error', fg='red', bold=True)}: {clean(text)}", err=True)
        # Else they stand right above.
        detail = _detail(ended.last) if ended.last and self._quiet else []
        for line in (*detail, fix, link_of(ended)):
            if line:
                click.echo(f"  {clean(line)}", err=True)

    def _write_summary(self, ended: Ended, text: str, wanted: Wanted) -> None:
        if self._summary is None:
            return
        rows = [f"| {_cell(one.state)} | {one.at:%H:%M:%S} | {_cell(one.description)} |" for one in self.statuses]
        table = ["| status | UTC | |", "| --- | --- | --- |", *rows, ""] if rows else []
        head = f"### {_cell(str(wanted.repository))} to {_cell(wanted.cluster)}: {ended.ending.name.lower()}"
        link = link_of(ended)
        lines = [head, "", _cell(text), "", *table, *([f"[Log](<{link}>)", ""] if _ADDRESS.fullmatch(link) else [])]
        _append(self._summary, "\n".join(lines) + "\n")

    def _write_outputs(self, ended: Ended) -> None:
        if self._output is None:
            return
        found = {
            "ending": ended.ending.name.lower(),
            "id": ended.receipt.id if ended.receipt else "",
            "state": ended.last.state if ended.last else "",
            "log-url": link_of(ended),
        }
        # One line each, whatever a server says: a second one would be another output.
        _append(self._output, "".join(f"{key}={' '.join(clean(value).split())}\n" for key, value in found.items()))

    def _clear(self) -> None:
        if self._line is not None:
            self._line.clear()

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._clear()
            click.echo(harmless(text) if self._actions else text, err=True)


def ending_text(ended: Ended, seconds: float) -> str:
    """One line: what came of it, and after how long."""
    if ended.reason is not None:
        told = f"{ended.last.state} before that; " if ended.last else ""
        return f"{told}{ended.reason.message}"
    if ended.ending is Ending.TIMEOUT:
        state = f"still {ended.last.state}" if ended.last else "no status at all"
        return f"{state} after {seconds:.0f} s; it may still go on"
    if ended.last is None:
        return "asked for; nobody waits for the outcome"
    said = ended.last.description or MEANING[ended.ending]
    if ended.last.state in _MISTAKES and said.startswith(_SAYS_ITSELF):
        return f"{said.removeprefix(_SAYS_ITSELF[0])} · {seconds:.0f} s"
    return f"{ended.last.state}: {said} · {seconds:.0f} s"


def fix_of(ended: Ended) -> str:
    if ended.reason is not None:
        return ended.reason.fix or ""
    if ended.ending is Ending.TIMEOUT and ended.last is None:
        return "is the GitHub App of hookd installed for this repository, and its webhook right?"
    return ""


def link_of(ended: Ended) -> str:
    return (ended.last.log_url if ended.last else "") or (ended.receipt.log_url if ended.receipt else "")


def _detail(told: Told) -> list[str]:
    lines = [clean(line) for line in told.detail.splitlines()]
    rest = len(lines) - LONGEST_DETAIL
    return [*lines[:LONGEST_DETAIL], f"… {count(rest, 'more line')} on its page"] if rest > 0 else lines


def _cell(text: str) -> str:
    """Text of others in Markdown: one line that makes neither links nor HTML nor columns."""
    line = " ".join(clean(text).split())
    return "".join(f"\\{one}" if one in "\\`*_[]<>|#!~" else one for one in line)


def _append(file: Path, text: str) -> None:
    try:
        with file.open("a", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        click.echo(f"{file} can't be written: {error.strerror}", err=True)
