"""What fetching charts has to say, as plain lines on stderr: warnings at once, and what takes long.

Plain lines on purpose: they may come while another display is up, which puts them above itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from fairway.domain.errors import Diagnostic

AGAIN_AFTER = 10.0
"""Seconds before a line that differs only behind its colon is said again."""


class ChartNotices:
    """Says each warning once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._warned: set[str] = set()
        self._said: dict[str, float] = {}

    def progress(self, text: str) -> None:
        # What stands behind ": " is a number that grows.
        head = text.rsplit(": ", 1)[0]
        now = self._clock()
        if now - self._said.get(head, -AGAIN_AFTER) >= AGAIN_AFTER:
            self._said[head] = now
            click.echo(text, err=True)

    def warn(self, warning: Diagnostic) -> None:
        if warning.message in self._warned:
            return
        self._warned.add(warning.message)
        place = f"{warning.position}: " if warning.position and warning.position.file else ""
        click.echo(f"{place}{click.style('warning', fg='yellow')}: {warning.message}", err=True)
        if warning.fix:
            click.echo(f"  {warning.fix}", err=True)
