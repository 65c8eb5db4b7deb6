"""How a look for upgrades ends: the edits that were asked for, what is printed, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fairway.entrypoints.cli import upgrades_views as views
from fairway.entrypoints.cli.errors import show_error
from fairway.entrypoints.cli.opening import Place
from fairway.entrypoints.cli.output import emit, screen_width
from fairway.entrypoints.cli.upgrades_asked import Edits

if TYPE_CHECKING:
    from fairway.services.upgrades.checking import Report
    from fairway.services.upgrades.patching import Patched

UPGRADES_EXIST = 1


async def finish(place: Place, report: Report, again: str, *, edits: Edits, exit_code: bool, output: str) -> int:
    """Edit the files when that was asked for, print the result, and say with which code the command ends."""
    from fairway.services.upgrades.patching import patch as edit

    lock = edits is Edits.LOCK
    patched = await edit(place.repository, report.upgrades, lock=lock) if edits is not Edits.NONE else None
    emit(views.report_data(report, patched), output, lambda: _text(report, patched, again))
    code = tell_problems(report)
    for item in patched.not_edited if patched else ():
        show_error(item.error, about=f"{item.look.watch.environment}/{item.look.watch.release.name}")
        code = code or item.error.exit_code
    if patched is not None and patched.not_edited and not lock:
        click.echo(f"write them into the lock file, which wins: {again} --lock", err=True)
    return code or (UPGRADES_EXIST if exit_code and report.upgrades else 0)


def _text(report: Report, patched: Patched | None, again: str) -> str:
    if not report.upgrades:
        return views.closing_line(report, again)
    if patched is None:
        return f"{views.upgrades_table(report.upgrades, screen_width())}\n\n{views.closing_line(report, again)}"
    return "\n".join(views.patched_lines(patched))


def tell_problems(report: Report) -> int:
    """Tell what could not be looked at; the first one's exit code."""
    for item in report.problems:
        show_error(item.error, about=f"{item.environment}/{item.release}")
    return report.problems[0].error.exit_code if report.problems else 0
