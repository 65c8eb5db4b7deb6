"""`--push` of `fairway poll` and `observe`: looks at the newest files of the remote, writes there, and tells what came
of it.

The rule not to break: the folder that the command runs in is left as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.errors import UserError
from fairway.domain.repository.findings import suggestion
from fairway.entrypoints.cli import upgrades_views as views
from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.errors import show_error
from fairway.entrypoints.cli.options import chosen
from fairway.entrypoints.cli.output import emit
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.repository.models import Environment, Repository
    from fairway.services.upgrades.checking import Report, Upgrades
    from fairway.services.writing.changes import Outcome
    from fairway.wiring.writing import Writing

Looking = Callable[["Upgrades", Sequence["Environment"]], Awaitable["Report"]]

push_option = click.option(
    "--push", is_flag=True, help="Write them at the remote, as a commit or pull request: see fairway.yaml."
)


@dataclass(frozen=True, slots=True)
class Push:
    """What the command line says. `settles`: everything was looked at, so that the rest of a request is stale."""

    environments_file: Path
    environment: str | None
    cluster: str | None
    releases: tuple[str, ...]
    again: str
    lock: bool = False
    settles: bool = False
    exit_code: bool = False
    output: str = "table"


async def push_upgrades(given: Push, look: Looking) -> int:
    from fairway.services.configuring import load_configuration
    from fairway.wiring.writing import open_writing

    configured = load_configuration(given.environments_file)
    async with open_writing(load_settings(), configured, given.environments_file, ChartNotices()) as writing:
        report = await _look(given, writing, look)
        outcomes = await writing.writer.flush_all()
    data = {**views.report_data(report), **_data(outcomes)}
    emit(data, given.output, lambda: "\n".join(_lines(report, outcomes, given.again)))
    return _code(given, report, outcomes)


async def _look(given: Push, writing: Writing, look: Looking) -> Report:
    """Look at the remote's newest files, and give the writer what is to be done."""
    async with writing.newest() as repository:
        environments = chosen(repository, given.environment, given.cluster, every=True)
        check_releases(repository, environments, given.releases)
        async with writing.upgrades(repository) as upgrades:
            report = await look(upgrades, environments)
            told = await upgrades.describe(report.upgrades)
    writing.writer.add(writing.changes(report.upgrades, told, lock=given.lock))
    if given.settles:
        settled = (one.watch for one in report.looks if one.new is None)
        writing.writer.settle(f"{one.environment}/{one.release.name} {one.key}" for one in settled)
    return report


def check_releases(repository: Repository, environments: Sequence[Environment], releases: Sequence[str]) -> None:
    """Raises UserError for a release that none of the environments has."""
    known = [release.name for one in environments for release in one.releases]
    if unknown := [name for name in releases if name not in known]:
        names = ", ".join(one.name for one in environments)
        parts = "; ".join(f'no release "{name}" in {names}{suggestion(name, known)}' for name in unknown)
        raise UserError(parts, fix="see fairway list release")


def _code(given: Push, report: Report, outcomes: Sequence[Outcome]) -> int:
    code = 0
    for problem in report.problems:
        show_error(problem.error, about=f"{problem.environment}/{problem.release}")
        code = code or problem.error.exit_code
    for item in (item for outcome in outcomes for item in outcome.failed):
        show_error(item.error, about=f"{item.change.environment}/{item.change.release}")
        code = code or item.error.exit_code
    return code or (1 if given.exit_code and report.upgrades else 0)


def _lines(report: Report, outcomes: Sequence[Outcome], again: str) -> list[str]:
    lines = [line for outcome in outcomes for line in _told(outcome)]
    if lines:
        return lines
    if not report.upgrades:
        return [views.closing_line(report, again)]
    failed = any(outcome.failed for outcome in outcomes)
    return [
        "nothing was written" if failed else "nothing to do: what is wanted is there already, or is not to be written"
    ]


def _told(outcome: Outcome) -> list[str]:
    edits = [f"  {one.summary}" for one in outcome.edited]
    if outcome.closed:
        return [f"pull request #{outcome.pull_request} closed: nothing is left of it", f"  {outcome.url}"]
    if not outcome.commit:
        return []
    if outcome.pull_request is None:
        head = f"{outcome.commit[:10]} pushed to {outcome.branch}: {outcome.subject}"
    elif outcome.unchanged:
        head = f"pull request #{outcome.pull_request} is up to date: {outcome.subject}"
    else:
        head = f"pull request #{outcome.pull_request} from {outcome.branch}: {outcome.subject}"
    notes = [f"  note: {note}" for note in outcome.notes]
    return [head, *edits, *([f"  {outcome.url}"] if outcome.url else []), *notes]


def _data(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "written": [
            {
                "commit": outcome.commit,
                "branch": outcome.branch,
                "subject": outcome.subject,
                "url": outcome.url,
                "pullRequest": outcome.pull_request,
                "unchanged": outcome.unchanged,
                "closed": bool(outcome.closed),
                "attempts": outcome.attempts,
                "notes": list(outcome.notes),
                "changes": [one.summary for one in outcome.edited],
            }
            for outcome in outcomes
            if outcome.commit or outcome.closed
        ],
        "notWritten": [
            {
                "environment": item.change.environment,
                "release": item.change.release,
                "message": item.error.message,
                "where": item.error.where,
                "fix": item.error.fix,
            }
            for outcome in outcomes
            for item in outcome.failed
        ],
    }
