"""Chooses how progress is shown, and keeps its clock: `with reporting(...) as report: await apply(..., report)`.

Progress goes to stderr, results to stdout. The rule not to break: whatever happens inside, the terminal is whole again
afterwards, and the ticking thread is gone.
"""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from enum import StrEnum
from typing import TextIO

from fairway.domain.progress import Reporter
from fairway.entrypoints.cli.render.progress_github import GithubProgress
from fairway.entrypoints.cli.render.progress_live import FRAME, LiveProgress
from fairway.entrypoints.cli.render.progress_plain import PlainProgress


class Form(StrEnum):
    LIVE = "live"
    PLAIN = "plain"
    GITHUB = "github"


def form_for(stream: TextIO, *, in_github_actions: bool, quiet: bool, terminal: str) -> Form:
    """GitHub wins over all; a terminal that can move its cursor is live, unless quiet. `terminal` is $TERM."""
    if in_github_actions:
        return Form.GITHUB
    if quiet or terminal == "dumb" or not stream.isatty():
        return Form.PLAIN
    return Form.LIVE


@contextmanager
def reporting(
    stream: TextIO,
    *,
    form: Form,
    color: bool | None = None,
    quiet: bool = False,
    width: int = 100,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Reporter]:
    """A reporter for the events of `domain.progress`, shown until the block ends.

    `color` None means: as the stream suggests. `quiet` leaves failures, warnings and the closing lines. `width` is that
    of plain lines; a terminal is asked for its own.
    """
    colored = stream.isatty() if color is None else color
    if form is Form.LIVE:
        live = LiveProgress(stream, clock=clock, color=colored, quiet=quiet)
        with _ticking(live.draw, FRAME, live.close), _standard_error_above(live, stream):
            yield live
        return
    progress: PlainProgress
    if form is Form.GITHUB:
        progress = GithubProgress(stream, clock=clock, color=bool(color), quiet=quiet, width=width)
    else:
        progress = PlainProgress(stream, clock=clock, color=colored, quiet=quiet, width=width)
    with _ticking(progress.beat, 1.0, progress.close):
        yield progress


class _Above(io.TextIOBase):
    """Stands in for stderr while the region moves, so that log lines come above it."""

    def __init__(self, write_text: Callable[[str], None], real: TextIO) -> None:
        self._write_text = write_text
        self._real = real

    def write(self, text: str) -> int:
        self._write_text(text)
        return len(text)

    def isatty(self) -> bool:
        return self._real.isatty()


@contextmanager
def _standard_error_above(live: LiveProgress, stream: TextIO) -> Iterator[None]:
    if stream is not sys.stderr:
        yield
        return
    with redirect_stderr(_Above(live.write_text, stream)):
        yield


@contextmanager
def _ticking(tick: Callable[[], None], every: float, close: Callable[[], None]) -> Iterator[None]:
    done = threading.Event()

    def run() -> None:
        while not done.wait(every):
            tick()

    thread = threading.Thread(target=run, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        close()
