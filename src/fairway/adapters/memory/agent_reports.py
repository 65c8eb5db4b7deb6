"""Reports of agents without a database: known to this process alone."""

from __future__ import annotations

from collections.abc import Sequence

from fairway.domain.agent.report import AgentReport


class MemoryAgentReports:
    def __init__(self) -> None:
        self._reports: dict[tuple[str, str], AgentReport] = {}

    async def save(self, reports: Sequence[AgentReport]) -> None:
        self._reports.update({(one.repository, one.environment): one for one in reports})

    async def of(self, repository: str) -> list[AgentReport]:
        return [one for key, one in sorted(self._reports.items()) if key[0] == repository]

    async def close(self) -> None:
        return
