"""What agents say of their environments: the same questions to every place where it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairway.adapters.memory.agent_reports import MemoryAgentReports
from fairway.adapters.sql.agent_reports import open_agent_reports
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.agent.report import AgentReport
from fairway.services.agent.ports import Reports

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROD = AgentReport(
    "prod", "github.com/shop/x//environments.yaml", "h", "Current", "", "3f2c1ab", 'web "1.9"', NOON, NOON
)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def reports(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reports]:
    if request.param == "memory":
        yield MemoryAgentReports()
        return
    url = f"sqlite:///{tmp_path / 'l.db'}" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    yield open_agent_reports(read_ledger_url(url))


async def test_the_last_word_about_an_environment_counts(reports: Reports) -> None:
    test = replace(PROD, environment="test", applied="", applied_at=None)
    await reports.save([PROD, test])
    later = replace(PROD, state="Failing", why="web: crash loop", seen_at=NOON.replace(hour=13))
    await reports.save([later])
    assert await reports.of(PROD.repository) == [later, test]
    await reports.close()


async def test_repositories_do_not_see_each_other(reports: Reports) -> None:
    await reports.save([PROD, replace(PROD, repository="elsewhere", state="Frozen")])
    assert [one.state for one in await reports.of("elsewhere")] == ["Frozen"]
    assert await reports.of("nowhere") == []
    await reports.close()
