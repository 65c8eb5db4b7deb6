"""What is refused as a whole: told once, and tried again until somebody made it right."""

from __future__ import annotations

from tests.unit.services.agent.conftest import Bench

from fairway.domain.agent.deciding import AgentState
from fairway.domain.notifications.event import EventKind


async def test_a_refusal_is_tried_again_silently_until_a_human_made_it_right(bench: Bench) -> None:
    bench.write(a="1", b="1", c="1", d="1")
    await bench.look()
    bench.write(a="1")
    keeper = await bench.look()
    waits = []
    for _ in range(6):
        assert keeper.decision.state is AgentState.REFUSED
        assert keeper.decision.again is not None
        waits.append(keeper.decision.again - bench.clock.now())
        bench.clock.move(seconds=waits[-1].total_seconds() - 1)
        before = len(bench.passes)
        await bench.look()
        assert len(bench.passes) == before
        bench.clock.move(seconds=1)
        await bench.look()
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 2, 4, 8, 10, 10]
    assert [one.kind for one in bench.told] == [EventKind.DEPLOYMENT_FAILED]
    assert bench.agent.following.head is not None
    assert keeper.applied != bench.agent.following.head.commit

    for name in "bcd":
        await bench.world.uninstall(name)
    bench.clock.move(minutes=10)
    await bench.look()
    assert keeper.decision.state is AgentState.CURRENT
    assert keeper.applied == bench.agent.following.head.commit

    bench.write(a="1", b="1", c="1", d="1")
    await bench.look()
    bench.write(a="1")
    await bench.look()
    assert [one.kind for one in bench.told] == [EventKind.DEPLOYMENT_FAILED] * 2
