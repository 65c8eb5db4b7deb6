"""One line on stderr that says what is being waited for, and for how long.

On a terminal the line is written over; elsewhere each new thing is one plain line, and a long one is repeated every
half minute, so that a log shows that something still happens.
"""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

_REPEAT = 30.0
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class ProgressLine:
    """Use as a context manager and call it with what is being done; leaving takes the line away."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._began = time.monotonic()
        self._doing = ""
        self._told = 0.0
        self._frame = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def __call__(self, doing: str) -> None:
        if self._terminal:
            self._overwrite(doing)
        else:
            self._line(doing)

    def clear(self) -> None:
        if self._terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    @property
    def elapsed(self) -> float:
        """Seconds since the line was made."""
        return time.monotonic() - self._began

    def _overwrite(self, doing: str) -> None:
        self._frame += 1
        text = f"  {_FRAMES[self._frame % len(_FRAMES)]} {doing}"
        seconds = f"  {self.elapsed:.0f} s"
        room = shutil.get_terminal_size((100, 24)).columns - len(seconds) - 1
        self._stream.write(f"\r{text[:room]}{seconds}\x1b[K")
        self._stream.flush()

    def _line(self, doing: str) -> None:
        # What stands after the colon changes many times a second while something compiles.
        head = doing.partition(": ")[0]
        now = time.monotonic()
        if head == self._doing and now - self._told < _REPEAT:
            return
        seconds = f"  {self.elapsed:.0f} s" if head == self._doing else ""
        self._doing, self._told = head, now
        self._stream.write(f"{doing if seconds else head}{seconds}\n")
        self._stream.flush()
