"""Says of each environment how it is doing, where others can read it.

The rule not to break: nobody waits for it, and a ledger that is away costs one line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from fairway.domain.agent.report import AgentReport
from fairway.domain.errors import FairwayError
from fairway.services.agent.agent import Agent
from fairway.services.agent.ports import Clock, Reports
from fairway.services.agent.waking import Wake

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
"""An agent that is alive says so."""
SOON = timedelta(seconds=1)
"""After something changed; what changes together is said once."""


class Reporting:
    """`wake` when something may have changed; says nothing while another agent leads."""

    def __init__(
        self,
        agent: Agent,
        open_reports: Callable[[], Awaitable[Reports]],
        *,
        repository: str,
        name: str,
        clock: Clock,
    ) -> None:
        self._agent = agent
        self._open = open_reports
        self._reports: Reports | None = None
        self._repository = repository
        self._name = name
        self._clock = clock
        self._wake = Wake()
        self._said: dict[str, AgentReport] = {}
        self._said_at: datetime | None = None
        self._away = False

    def wake(self) -> None:
        self._wake()

    async def run(self) -> None:
        """Until cancelled; then the last word is said."""
        try:
            while True:
                await self._wake.rest(self._clock, self._clock.now() + EVERY)
                await self._clock.sleep(SOON)
                await self.say()
        finally:
            if self._reports is not None:
                await self._reports.close()

    async def say(self) -> None:
        """What changed since the last time, and everything once in a while."""
        now = self._clock.now()
        if not self._agent.leadership.leads:
            return
        all_again = self._said_at is None or now - self._said_at >= EVERY
        reports = [report for report in self._now(now) if all_again or self._is_news(report)]
        if not reports:
            return
        try:
            if self._reports is None:
                self._reports = await self._open()
            await self._reports.save(reports)
        except FairwayError as error:
            if not self._away:
                log.warning("agent.not_reported", extra={"why": str(error)})
            self._away = True
            return
        self._away = False
        self._said |= {report.environment: report for report in reports}
        if all_again:
            self._said_at = now

    def _is_news(self, report: AgentReport) -> bool:
        before = self._said.get(report.environment)
        return before is None or replace(report, seen_at=before.seen_at) != before

    def _now(self, now: datetime) -> list[AgentReport]:
        return [
            AgentReport(
                environment=keeper.name,
                repository=self._repository,
                agent=self._name,
                state=keeper.decision.state.value,
                why=keeper.decision.reason,
                applied=keeper.applied,
                subject=keeper.applied_subject,
                applied_at=keeper.applied_at,
                seen_at=now,
            )
            for keeper in self._agent.keepers.values()
        ]
