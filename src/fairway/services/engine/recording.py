"""Where the engine writes down each change, before and after."""

from __future__ import annotations

from fairway.services.engine.carrying import Result
from fairway.services.engine.planning import Planned


class ChangeLog:
    """Where changes are written down, before and after. This one forgets; the ledger's remembers."""

    def opening(self, plan: Planned) -> str:
        """A change is about to begin; returns the id under which it is known."""
        return ""

    def closing(self, change_id: str, plan: Planned, result: Result) -> None:
        """The change ended."""
