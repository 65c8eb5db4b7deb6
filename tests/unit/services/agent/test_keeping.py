"""One environment under an agent: what it does after which commit, and when it keeps still."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.support.engine import StillWaiter
from tests.unit.services.agent.conftest import Bench

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.agent.deciding import AgentState
from fairway.domain.errors import Transient
from fairway.domain.kube_errors import ClusterAway
from fairway.domain.notifications.event import EventKind
from fairway.domain.progress import Outcome, ReleaseFinished
from fairway.domain.suspensions.suspension import Suspension


def outcomes(bench: Bench) -> dict[str, str]:
    """Of the last pass."""
    return {name: one.outcome.name for name, one in bench.passes[-1].result.results.items()}


async def test_the_first_look_is_at_everything_and_a_commit_at_what_it_touches(bench: Bench) -> None:
    bench.write(web="1", orders="1")
    keeper = await bench.look()
    assert outcomes(bench) == {"web": "INSTALLED", "orders": "INSTALLED"}
    assert keeper.decision.state is AgentState.CURRENT
    bench.write(web="2", orders="1")
    await bench.look()
    assert outcomes(bench) == {"web": "UPGRADED"}
    assert await bench.text("web") == "2"
    assert bench.agent.following.head is not None
    assert keeper.applied == bench.agent.following.head.commit


async def test_without_anything_new_there_is_no_pass_until_the_resync(bench: Bench) -> None:
    bench.write(web="1")
    await bench.look()
    await bench.look()
    assert len(bench.passes) == 1
    bench.clock.move(minutes=11)
    await bench.look()
    assert outcomes(bench) == {"web": "UNCHANGED"}


async def test_commits_in_between_are_skipped(bench: Bench) -> None:
    bench.write(web="1")
    await bench.look()
    bench.write(web="2")
    await bench.agent.following.look()
    bench.write(web="3")
    await bench.look()
    assert len(bench.passes) == 2
    assert await bench.world.history("web") == [(1, "superseded"), (2, "deployed")]
    assert await bench.text("web") == "3"


async def test_what_is_no_longer_declared_goes_but_not_too_much_of_it(bench: Bench) -> None:
    bench.write(a="1", b="1", c="1", d="1")
    keeper = await bench.look()
    bench.write(a="1", b="1", c="1")
    await bench.look()
    assert outcomes(bench) == {"d": "UNINSTALLED"}
    assert await bench.text("d") is None
    bench.write(a="1")
    await bench.look()
    bench.clock.move(minutes=1)
    await bench.look()
    assert keeper.decision.state is AgentState.REFUSED
    assert await bench.text("b") == "1"
    assert [one.kind for one in bench.told] == [EventKind.DEPLOYMENT_FAILED]
    bench.write(a="1", b="1", c="1")
    await bench.look()
    assert keeper.decision.state is AgentState.CURRENT


async def test_a_release_that_fails_waits_longer_each_time_and_blocks_no_other(bench: Bench) -> None:
    bench.write(web="1", orders="1")
    await bench.look()
    bench.waiter.failing["web"] = "crash loop"
    bench.write(web="2", orders="2")
    keeper = await bench.look()
    assert outcomes(bench) == {"web": "FAILED", "orders": "UPGRADED"}
    assert keeper.decision.state is AgentState.FAILING
    first = keeper.failing["web"].again - bench.clock.now()
    await bench.look()
    assert len(bench.passes) == 2
    bench.clock.move(seconds=first.total_seconds())
    await bench.look()
    assert len(bench.passes) == 3
    assert keeper.failing["web"].again - bench.clock.now() == first * 2
    bench.waiter.failing.clear()
    bench.write(web="3", orders="2")
    await bench.look()
    assert outcomes(bench) == {"web": "UPGRADED"}
    assert keeper.failing == {}


async def test_the_same_failure_is_told_once(bench: Bench) -> None:
    bench.write(web="1")
    bench.waiter.failing["web"] = "crash loop"
    await bench.look()
    for _ in range(4):
        bench.clock.move(minutes=30)
        await bench.look()
    finished = [one for one in bench.events if isinstance(one, ReleaseFinished)]
    told = [one.reasons[0] for one in finished if one.outcome in (Outcome.FAILED, Outcome.REFUSED)]
    assert len(told) == len(set(told))


async def test_who_needs_a_failed_release_is_not_carried_out_before_it(bench: Bench) -> None:
    needs = {"web": ["db"]}
    bench.write(needs, db="1", web="1")
    await bench.look()
    bench.waiter.failing["db"] = "crash loop"
    bench.write(needs, db="2", web="1")
    await bench.look()
    bench.write(needs, db="2", web="2")
    await bench.look()
    assert outcomes(bench)["web"] == "SKIPPED"
    assert await bench.text("web") == "1"


async def test_a_suspended_release_waits_and_is_caught_up_with(bench: Bench) -> None:
    bench.write(web="1", orders="1")
    keeper = await bench.look()
    bench.suspended.append(Suspension("prod", "web", "a look inside", "ada"))
    bench.write(web="2", orders="2")
    await bench.look()
    assert (await bench.text("web"), await bench.text("orders")) == ("1", "2")
    assert keeper.is_paused("web")
    bench.suspended.clear()
    await bench.look()
    assert await bench.text("web") == "2"


async def test_a_suspended_environment_is_left_alone(bench: Bench) -> None:
    bench.write(web="1")
    bench.suspended.append(Suspension("prod", reason="database move", until=bench.clock.now() + timedelta(hours=1)))
    keeper = await bench.look()
    assert keeper.decision.state is AgentState.SUSPENDED
    assert bench.passes == []
    bench.clock.move(hours=1)
    await bench.look()
    assert await bench.text("web") == "1"


async def test_who_does_not_lead_does_nothing_and_looks_at_everything_when_he_does(bench: Bench) -> None:
    bench.leads = False
    bench.write(web="1")
    keeper = await bench.look()
    assert keeper.decision.state is AgentState.STANDBY
    assert bench.passes == []
    bench.leads = True
    keeper.lead()
    await bench.look()
    assert outcomes(bench) == {"web": "INSTALLED"}


async def test_drift_is_corrected_when_somebody_says_so(bench: Bench) -> None:
    bench.write(web="1", orders="1")
    keeper = await bench.look()
    await bench.world.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"text": "x"}})
    keeper.drifted(["web"])
    await bench.look()
    assert outcomes(bench) == {"web": "CORRECTED"}
    assert await bench.text("web") == "1"


async def test_a_commit_with_mistakes_keeps_everybody_still_and_is_told_once(bench: Bench) -> None:
    bench.write(web="1")
    keeper = await bench.look()
    (bench.folder / "releases.yaml").write_text("releases: [{name: web}]\n")
    await bench.look()
    await bench.look()
    assert keeper.decision.state is AgentState.UNTRUSTED
    assert "neither chart nor resourceFiles" in bench.agent.following.untrusted
    (told,) = bench.told
    assert "releases.yaml:1" in told.lines[0]
    bench.write(web="2")
    await bench.look()
    assert await bench.text("web") == "2"
    recovered = bench.told[1]
    assert (recovered.kind, recovered.thread) == (EventKind.SOURCE_RECOVERED, told.thread)
    assert recovered.title.endswith("is in order again")


class Flaky(MemoryKube):
    """Does not answer while it is `away`."""

    away = False

    async def list_metadata(self, *args: Any, **more: Any) -> Any:
        if self.away:
            raise Transient("no answer")
        return await super().list_metadata(*args, **more)


async def test_a_cluster_that_does_not_answer_is_told_once_and_asked_again_later(
    bench_with: Callable[..., Bench],
) -> None:
    kube = Flaky()
    bench = bench_with(kube=kube)
    bench.write(web="1")
    kube.away = True
    keeper = await bench.look()
    assert keeper.decision.state is AgentState.AWAY
    for _ in range(3):
        bench.clock.move(minutes=5)
        await bench.look()
    assert [one.kind for one in bench.told] == [EventKind.SOURCE_FAILED]
    kube.away = False
    bench.clock.move(minutes=7)
    await bench.look()
    assert [one.kind for one in bench.told] == [EventKind.SOURCE_FAILED, EventKind.SOURCE_RECOVERED]
    assert await bench.text("web") == "1"


class Stuck(StillWaiter):
    """Waits for the named objects until it is cut short."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck: set[str] = set()
        self.waits = asyncio.Event()

    async def until_healthy(self, applied: Sequence[Any], **more: Any) -> None:
        if {ref.name for ref, _ in applied} & self.stuck:
            self.waits.set()
            await asyncio.Event().wait()
        await super().until_healthy(applied, **more)


@pytest.fixture
async def stuck(bench_with: Callable[..., Bench]) -> tuple[Bench, Stuck]:
    """`web` is being upgraded to 2, and waits for ever."""
    waiter = Stuck()
    bench = bench_with(waiter=waiter)
    bench.write(web="1", orders="1")
    await bench.look()
    waiter.stuck.add("web")
    bench.write(web="2", orders="1")
    await bench.agent.following.look()
    assert await bench.keeper.step()
    await waiter.waits.wait()
    assert bench.keeper.decision.state is AgentState.BEHIND
    return bench, waiter


async def test_a_fix_abandons_a_stuck_wait(stuck: tuple[Bench, Stuck]) -> None:
    bench, waiter = stuck
    waiter.stuck.clear()
    bench.write(web="3", orders="1")
    await bench.look()
    assert [one.cut for one in bench.passes] == [False, True, False]
    assert await bench.text("web") == "3"
    assert await bench.world.history("web") == [(1, "superseded"), (2, "failed"), (3, "deployed")]


async def test_others_are_carried_out_beside_a_stuck_wait(stuck: tuple[Bench, Stuck]) -> None:
    bench, _ = stuck
    bench.write(web="2", orders="2")
    await bench.agent.following.look()
    assert await bench.keeper.step()
    while len(bench.passes) < 2:
        await asyncio.sleep(0.01)
    assert outcomes(bench) == {"orders": "UPGRADED"}
    assert not bench.passes[-1].cut
    bench.keeper.stop_acting()
    while len(bench.passes) < 3:
        await asyncio.sleep(0.01)
    assert bench.passes[-1].cut


async def test_who_loses_the_lead_cuts_short_what_is_under_way(stuck: tuple[Bench, Stuck]) -> None:
    bench, _ = stuck
    bench.leads = False
    bench.keeper.stop_acting()
    await bench.look()
    assert bench.passes[-1].cut
    assert bench.keeper.decision.state is AgentState.STANDBY
    assert (await bench.world.history("web"))[-1] == (2, "failed")


async def test_an_end_leaves_nothing_pending(stuck: tuple[Bench, Stuck]) -> None:
    bench, _ = stuck
    running = asyncio.create_task(bench.keeper.run())
    await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await bench.world.history("web"))[-1] == (2, "failed")


class Vanishing(MemoryKube):
    """Can't be reached any more once so many objects were applied."""

    left = 100

    async def apply(self, *args: Any, **more: Any) -> Any:
        if not self.left:
            raise ClusterAway("can't be reached")
        self.left -= 1
        return await super().apply(*args, **more)


async def test_a_cluster_that_goes_away_half_way_is_not_asked_for_every_release(
    bench_with: Callable[..., Bench],
) -> None:
    kube = Vanishing()
    kube.left = 5
    bench = bench_with(kube=kube)
    bench.write(**{f"r{n:03}": "1" for n in range(100)})
    keeper = await bench.look()
    assert keeper.decision.state is AgentState.AWAY
    ended = [one for one in bench.passes[-1].result.results.values() if one.outcome is Outcome.FAILED]
    assert 3 <= len(ended) < 40
    assert keeper.failing == {}
    assert [one.kind for one in bench.told] == [EventKind.SOURCE_FAILED]
    kube.left = 1000
    bench.clock.move(minutes=1)
    await bench.look()
    assert keeper.decision.state is AgentState.CURRENT
    assert [await bench.text(f"r{n:03}") for n in (0, 50, 99)] == ["1", "1", "1"]
