"""Times in the log: messages have whole seconds, and nobody sees an outcome before what led to it."""

from __future__ import annotations

import pytest
from tests.support.hookd_world import World

from fairway.domain.dispatch.statuses import ReportedState


@pytest.mark.parametrize("passed", [0.0, 0.1, 0.6, 3.2])
async def test_what_happens_within_one_second_stays_in_its_order(passed: float) -> None:
    world = World()
    world.now.pass_(0.35)
    await world.ask(1)
    world.now.pass_(passed)
    for state in (ReportedState.IN_PROGRESS, ReportedState.SUCCESS):
        await world.report(1, state)
        await world.read()
    times = [entry.at for entry in (await world.known(1)).story.statuses]
    assert times == sorted(times)
    assert times[-1] <= world.now()
