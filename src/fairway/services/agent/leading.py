"""Leadership where there is nobody to compete with: one process on one machine."""

from __future__ import annotations

import asyncio


class AlwaysLeads:
    """Implements `Leadership` for a process that is alone."""

    def __init__(self, holder: str = "") -> None:
        self.leads = True
        self.holder = holder

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def changed(self) -> None:
        await asyncio.Event().wait()
