"""Progress in GitHub Actions: a group for each environment, and an annotation for each failure.

The rule not to break: text that comes from pods must never be read as a workflow command, so `::` and `##[` at the
start of a line are taken apart. Source: GitHub's "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from fairway.domain.progress import Outcome, ReleaseFinished, RunFinished, RunStarted
from fairway.entrypoints.cli.render import progress_lines as lines
from fairway.entrypoints.cli.render.progress_plain import PlainProgress
from fairway.entrypoints.cli.render.style import Line, clean, paint, plain
from fairway.entrypoints.cli.render.workflow_commands import data, harmless, in_property


class GithubProgress(PlainProgress):
    """Plain lines inside one group at a time; failures are told again below the group, where nobody has to unfold."""

    _open = ""
    """The environment whose group is open."""
    _failures: list[Line]
    """What is told again when the group is closed."""

    def run_started(self, event: RunStarted) -> None:
        if self._open:
            super().run_started(event)
            return
        self._open = event.environment
        self._failures = []
        quiet, self._quiet = self._quiet, True
        super().run_started(event)
        self._quiet = quiet
        if not quiet:
            self._command(f"::group::{data(paint(lines.header(event), color=False))}")

    def run_finished(self, event: RunFinished) -> None:
        if self._open == event.environment:
            if not self._quiet:
                self._command("::endgroup::")
            self.write(self._failures)
            self._failures = []
            self._open = ""
        super().run_finished(event)

    def failed(self, event: ReleaseFinished, some: list[Line]) -> None:
        super().failed(event, some)
        if self._open and not self._quiet:
            self._failures += some
        if event.outcome is Outcome.SKIPPED:
            return
        title = f"{event.environment}/{event.release} {event.outcome.value}"
        place = ""
        if event.where is not None:
            place = f"file={in_property(event.where.file)},"
            place += f"line={event.where.line}," if event.where.line else ""
            place += f"col={event.where.column}," if event.where.column else ""
        reasons = "\n".join(event.reasons) or event.outcome.value
        self._command(f"::error {place}title={in_property(title)}::{data(clean(reasons))}")

    def write(self, some: list[Line]) -> None:
        super().write([tuple((harmless(text), style) for text, style in line) for line in some])

    def _command(self, text: str) -> None:
        super().write([plain(text)])
