"""Progress on a terminal: finished releases scroll up, the ones under way move below them.

The screen is redrawn by a clock, never by an event, so five hundred releases cost no more than five. The rule not to
break: the moving region never grows past the screen, since a line that has scrolled away can't be taken back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TextIO

from fairway.entrypoints.cli.render import progress_lines as lines
from fairway.entrypoints.cli.render.progress_lines import Row
from fairway.entrypoints.cli.render.progress_plain import Clock, PlainProgress
from fairway.entrypoints.cli.render.style import Line, paint, plain

FRAME = 0.125
"""Seconds between two redraws."""

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPINNER = "|/-\\"
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_CLEAR_BELOW = "\x1b[0J"

Size = Callable[[], tuple[int, int]]
"""Columns and rows of the terminal."""


def terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size((100, 30))
    return size.columns, size.lines


class LiveProgress(PlainProgress):
    """A reporter with a moving region; `draw` is called by a clock, `close` leaves only the finished lines."""

    def __init__(
        self, stream: TextIO, *, clock: Clock, color: bool = True, quiet: bool = False, size: Size = terminal_size
    ) -> None:
        super().__init__(stream, clock=clock, color=color, quiet=quiet)
        self._size = size
        self._width = self._wrap = size()[0]
        self._pending: list[Line] = []
        self._region_height = 0
        self.put(_HIDE_CURSOR)

    def draw(self) -> None:
        """One frame, in one write: the region goes, what finished since the last frame comes, the region returns."""
        with self._lock:
            self._width = self._wrap = self._size()[0]
            erase = f"\x1b[{self._region_height}A\r{_CLEAR_BELOW}" if self._region_height else ""
            done, self._pending = self._pending, []
            region = self._region()
            self._region_height = len(region)
            self.put(erase + "".join(paint(line, color=self._color) + "\n" for line in (*done, *region)))

    def close(self) -> None:
        """The last frame, without region."""
        with self._lock:
            super().close()
            self.rows.clear()
            self._unfinished.clear()
            self.draw()
            self.put(_SHOW_CURSOR)

    def write(self, some: list[Line]) -> None:
        self._pending += some

    def write_text(self, text: str) -> None:
        """Text that others print meanwhile, e.g. log lines; comes above the region."""
        with self._lock:
            self._pending += [plain(line) for line in text.splitlines()]

    def show_start(self, row: Row) -> None:
        """The moving region shows it."""

    def _region(self) -> list[Line]:
        if self._quiet:
            return []
        width, height = self._size()
        now = self._clock()
        spinner = _SPINNER if self._unicode else _ASCII_SPINNER
        glyph = spinner[int(now / FRAME) % len(spinner)]
        busy = [row for row in self.rows.values() if not row.is_waiting]
        known = busy + [row for row in self.rows.values() if row.is_waiting]
        room = max(1, height - 3)
        shown = known[:room]
        region = [lines.under_way(row, self._names, now - row.started, glyph, screen=width - 1) for row in shown]
        left = self.not_begun + len(known) - len(shown)
        if left:
            region.append(plain(f"  … {left} more waiting", "dim"))
        return region
