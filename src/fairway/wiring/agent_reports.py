"""Where agents say how their environments are doing: beside the ledger.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.domain.agent.report import AgentReport
    from fairway.domain.repository.models import Repository
    from fairway.services.agent.ports import Reports


async def agent_reports(settings: Settings) -> Reports:
    """Raises `Transient`, `UserError` or `Refused`."""
    import asyncio

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.memory.agent_reports import MemoryAgentReports

        return MemoryAgentReports()

    def connect() -> Reports:
        from fairway.adapters.sql.agent_reports import open_agent_reports

        return open_agent_reports(url)

    return await asyncio.to_thread(connect)


async def read_agent_reports(settings: Settings, repository: Repository) -> list[AgentReport]:
    """What agents said of a repository. Raises as `agent_reports`, and what reading fairway.yaml raises."""
    from pathlib import Path

    from fairway.domain.errors import UserError
    from fairway.domain.repository.remotes import repository_id
    from fairway.services.configuring import load_configuration
    from fairway.wiring.git import open_remote

    file = Path(repository.environments_file)
    try:
        async with open_remote(load_configuration(file), file) as found:
            source = repository_id(found.remote.url, found.environments_file)
    except UserError:
        source = repository.environments_file
    reports = await agent_reports(settings)
    try:
        return await reports.of(source)
    finally:
        await reports.close()
