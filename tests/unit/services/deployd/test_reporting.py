"""Reports: in order, together, and none lost while the queue is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from tests.support.deployd import QUICK, eventually

from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import DeploymentStatus, ReportedState
from fairway.domain.errors import Terminal, Transient
from fairway.services.deployd.reporting import BATCH, Reports

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def status(number: int) -> DeploymentStatus:
    return DeploymentStatus(
        f"d-{number}", RepositoryName("navikt", "shop"), 7, ReportedState.SUCCESS, "", "aura", "dev", NOON
    )


class Post:
    """A queue that fails as often as it is told to."""

    def __init__(self, failures: Sequence[Exception] = ()) -> None:
        self.failures = list(failures)
        self.sent: list[list[str]] = []

    async def send(self, statuses: Sequence[DeploymentStatus]) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append([one.delivery_id for one in statuses])


@asynccontextmanager
async def running(reports: Reports) -> AsyncIterator[None]:
    task = asyncio.create_task(reports.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_waits_is_sent_together_and_in_order() -> None:
    post = Post()
    reports = Reports(post.send, QUICK)
    told = [reports.say(status(n)) for n in range(BATCH + 5)]
    async with running(reports):
        await asyncio.gather(*told)
    assert [len(batch) for batch in post.sent] == [BATCH, 5]
    assert [one for batch in post.sent for one in batch] == [f"d-{n}" for n in range(BATCH + 5)]


async def test_while_the_queue_is_away_everything_is_kept_and_the_reason_is_known() -> None:
    post = Post([Transient("away")] * 3 + [Terminal("refused")])
    waiting: list[int] = []
    reports = Reports(post.send, QUICK, waiting.append)
    async with running(reports):
        first = reports.say(status(1))
        await eventually(lambda: reports.problem == "away")
        second = reports.say(status(2))
        assert not first.done()
        await asyncio.gather(first, second)
    assert [one for batch in post.sent for one in batch] == ["d-1", "d-2"]
    assert (reports.problem, waiting[-1]) == ("", 0)


async def test_who_stops_waiting_does_not_stop_the_report() -> None:
    post = Post([Transient("away")])
    reports = Reports(post.send, QUICK)
    async with running(reports):
        reports.say(status(1)).cancel()
        await reports.say(status(2))
    assert [one for batch in post.sent for one in batch] == ["d-1", "d-2"]


@given(st.lists(st.booleans(), max_size=12), st.integers(min_value=1, max_value=30))
async def test_every_report_arrives_once_and_in_order_whatever_fails(fails: list[bool], number: int) -> None:
    post = Post()
    reports = Reports(post.send, QUICK)
    async with running(reports):
        told = []
        for n in range(number):
            if n < len(fails) and fails[n]:
                post.failures.append(Transient("away"))
            told.append(reports.say(status(n)))
            await asyncio.sleep(0)
        await asyncio.gather(*told)
    assert [one for batch in post.sent for one in batch] == [f"d-{n}" for n in range(number)]
