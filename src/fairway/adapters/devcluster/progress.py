"""What somebody who waits is told; the adapter says what it does, the entry point decides how that looks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done now: at each change, and at least once a second while something runs."""

    def __call__(self, doing: str) -> None: ...


def silent(doing: str) -> None:
    """Tell nobody."""
