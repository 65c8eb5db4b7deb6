"""Reports of agents in the ledger's database; its calls run in threads, as the ledger's do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.inserting import save_row
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.tables import agents
from fairway.adapters.sql.urls import LedgerUrl
from fairway.domain.agent.report import AgentReport

_KEY = ("repository", "environment")


class SqlAgentReports:
    """Made by `open_agent_reports`, with a schema that fits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, reports: Sequence[AgentReport]) -> None:
        await asyncio.to_thread(_save, self._database, reports)

    async def of(self, repository: str) -> list[AgentReport]:
        return await asyncio.to_thread(_of, self._database, repository)

    async def close(self) -> None:
        await asyncio.to_thread(self._database.close)


def open_agent_reports(url: LedgerUrl) -> SqlAgentReports:
    """Connect and see that the schema fits. Blocks; raises `Transient`, `UserError` or `Refused`."""
    return SqlAgentReports(open_database(url))


def _save(database: Database, reports: Sequence[AgentReport]) -> None:
    with database.writing() as connection:
        for report in reports:
            save_row(connection, agents, asdict(report), _KEY)


def _of(database: Database, repository: str) -> list[AgentReport]:
    wanted = select(agents).where(agents.c.repository == repository).order_by(agents.c.environment)
    with database.reading() as connection:
        return [AgentReport(**row) for row in connection.execute(wanted).mappings()]
