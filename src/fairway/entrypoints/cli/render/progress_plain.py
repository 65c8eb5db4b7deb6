"""Progress as lines for logs: one line for each change of state, and a heartbeat for what is still waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from fairway.domain.progress import (
    Event,
    Notice,
    Outcome,
    Phase,
    PhaseKind,
    ReleaseFinished,
    ReleaseStarted,
    RunFinished,
    RunStarted,
)
from fairway.entrypoints.cli.render import progress_lines as lines
from fairway.entrypoints.cli.render.progress_lines import Row
from fairway.entrypoints.cli.render.style import Line, named, paint, plain, seconds, to_ascii

HEARTBEAT = 10.0
"""Seconds of silence after which the waiting is explained."""
LISTED = 20
"""Runs with more releases than this count the unchanged ones, and leave it to the heartbeat what is under way."""

Clock = Callable[[], float]


class PlainProgress:
    """A reporter that writes lines. Events may come from any thread; writing never raises."""

    def __init__(
        self, stream: TextIO, *, clock: Clock, color: bool = False, quiet: bool = False, width: int = 100
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._color = color
        self._quiet = quiet
        self._width = width
        self._wrap = 0
        self._unicode = "utf" in (getattr(stream, "encoding", None) or "utf-8").lower()
        self._lock = threading.RLock()
        self._runs: dict[str, RunStarted] = {}
        self._many = False
        self._names = 0
        self._sections = 0
        self._unchanged: dict[str, int] = {}
        self._last_written = clock()
        self._unfinished: set[tuple[str, str]] = set()
        self.rows: dict[tuple[str, str], Row] = {}

    @property
    def not_begun(self) -> int:
        """Releases of the run that nothing was heard of yet."""
        return len(self._unfinished - self.rows.keys())

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._take(event)

    def beat(self) -> None:
        """Say what is waited for, when nothing was said for `HEARTBEAT` seconds."""
        with self._lock:
            now = self._clock()
            busy = [row for row in self.rows.values() if not row.is_waiting]
            if not busy or self._quiet or now - self._last_written < HEARTBEAT:
                return
            told = [f"{r.label} {r.what} {seconds(now - r.started)}{f' ({r.doing})' if r.doing else ''}" for r in busy]
            self.write([plain(f"  … {named(told, 4)}", "dim")])

    def close(self) -> None:
        """The end of the block, however it came: what is still under way was interrupted, and that is said."""
        with self._lock:
            now = self._clock()
            for row in [row for row in self.rows.values() if not row.is_waiting]:
                reasons = (row.doing,) if row.doing else ()
                self._finished(
                    ReleaseFinished(
                        row.environment, row.release, Outcome.INTERRUPTED, elapsed=now - row.started, reasons=reasons
                    )
                )

    def write(self, some: list[Line]) -> None:
        """Lines as they are, in one write."""
        self.put("".join(paint(line, color=self._color) + "\n" for line in some))

    def put(self, text: str) -> None:
        """Text as it is. A stream that can't be written to any more is not worth stopping a deployment."""
        try:
            self._stream.write(text if self._unicode else to_ascii(text))
            self._stream.flush()
        except (OSError, ValueError):
            self._quiet = True
        self._last_written = self._clock()

    def _take(self, event: Event) -> None:
        match event:
            case RunStarted():
                self.run_started(event)
            case ReleaseStarted() | Phase():
                self._under_way(event)
            case ReleaseFinished():
                self._finished(event)
            case Notice():
                self.write([lines.notice(event, self._label(event.environment, event.release))])
            case RunFinished():
                self.run_finished(event)

    def run_started(self, event: RunStarted) -> None:
        self._runs[event.environment] = event
        self._many = self._many or len(self._runs) > 1
        self._unfinished.update((event.environment, name) for name in event.releases)
        labels = tuple(self._label(run.environment, name) for run in self._runs.values() for name in run.releases)
        self._names = lines.name_width(labels)
        if not self._quiet:
            self.write([*([()] if self._sections else []), lines.header(event), ()])
        self._sections += 1

    def run_finished(self, event: RunFinished) -> None:
        tail = lines.summary(event, f"{event.environment}: " if self._many else "", self._width)
        unchanged = self._unchanged.pop(event.environment, 0)
        if unchanged and not self._quiet:
            self.write([lines.unchanged(unchanged)])
        self.write(tail if self._quiet else [(), *tail])
        self._runs.pop(event.environment, None)
        self._unfinished = {key for key in self._unfinished if key[0] != event.environment}
        self.rows = {key: row for key, row in self.rows.items() if key[0] != event.environment}

    def failed(self, event: ReleaseFinished, some: list[Line]) -> None:
        """A release ended badly; what GitHub Actions shows in its own way."""
        self.write(some)

    def _under_way(self, event: ReleaseStarted | Phase) -> None:
        key = (event.environment, event.release)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Row(*key, self._label(*key), started=self._clock())
        waited, before = row.is_waiting, row.phase
        row.take(event)
        if self._quiet:
            return
        if waited and not row.is_waiting:
            row.started = self._clock()
            self.show_start(row)
        elif row.phase is PhaseKind.ROLLING_BACK is not before:
            self.show_start(row)

    def show_start(self, row: Row) -> None:
        run = self._runs.get(row.environment)
        if run is None or len(run.releases) <= LISTED or row.phase is PhaseKind.ROLLING_BACK:
            self.write([lines.started(row, self._names)])

    def _finished(self, event: ReleaseFinished) -> None:
        key = (event.environment, event.release)
        row = self.rows.pop(key, None)
        if event.outcome is Outcome.INTERRUPTED and not event.reasons and row is not None and row.doing:
            event = replace(event, reasons=(row.doing,))
        self._unfinished.discard(key)
        run = self._runs.get(event.environment)
        if event.outcome is Outcome.UNCHANGED and run is not None and len(run.releases) > LISTED:
            self._unchanged[event.environment] = self._unchanged.get(event.environment, 0) + 1
            return
        some = lines.finished(event, self._label(event.environment, event.release), self._names, wrap=self._wrap)
        if event.outcome.is_bad:
            self.failed(event, some)
        elif not self._quiet:
            self.write(some)

    def _label(self, environment: str, release: str) -> str:
        return f"{environment}/{release}" if self._many and environment and release else release or environment
