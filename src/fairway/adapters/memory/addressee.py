"""Takes deployments for nobody: asks go nowhere, and statuses are those that it was given. For trying and for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fairway.domain.dispatch.wanted import Receipt, Told, Wanted
from fairway.domain.errors import FairwayError


@dataclass
class MemoryAddressee:
    """Implements `services.asking.ports.Addressee`. What is in `refusals` is raised first, each once."""

    refusals: list[FairwayError] = field(default_factory=list)
    looks: list[Sequence[Told] | FairwayError] = field(default_factory=list)
    """What each look finds, one after the other; the last one stays."""
    asked: list[Wanted] = field(default_factory=list)

    async def ask(self, wanted: Wanted) -> Receipt:
        if self.refusals:
            raise self.refusals.pop(0)
        self.asked.append(wanted)
        return Receipt(str(len(self.asked)), "taken")

    async def statuses(self, receipt: Receipt) -> list[Told]:
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0] if self.looks else ()
        if isinstance(look, FairwayError):
            raise look
        return list(look)

    async def aclose(self) -> None:
        return
