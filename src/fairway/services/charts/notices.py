"""Where progress and warnings of chart fetching go when nobody asked for them."""

from __future__ import annotations

from fairway.domain.errors import Diagnostic


class CollectedNotices:
    """Keeps each warning once, for whoever asks at the end of the run; progress is dropped."""

    def __init__(self) -> None:
        self.warnings: list[Diagnostic] = []

    def progress(self, text: str) -> None:
        """Nobody watches."""

    def warn(self, warning: Diagnostic) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)
