"""hookd as a whole, in memory: what is heard, what is given up, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.support.deployments import NOON
from tests.support.hookd import CLUSTER, SECRET, a_payload, a_resource, an_event
from tests.support.hookd_world import World

from fairway.adapters.queue.memory import MemoryQueue
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.statuses import Announcement, ReportedState
from fairway.domain.errors import Severity, Transient, UserError
from fairway.domain.notifications.event import EventKind
from fairway.services.hookd.options import HookdOptions
from fairway.services.queue.ports import Message, NotTaken, Topic

TAKEN, APPLIED = ReportedState.PENDING, ReportedState.IN_PROGRESS
SUCCESS, FAILURE = ReportedState.SUCCESS, ReportedState.FAILURE


class Moody(MemoryQueue):
    """Away as long as it is said to be; never takes a message that is larger than `largest`."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.login_is_refused = False
        self.largest = 1_000_000

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.is_away:
            raise Transient("no broker answers")
        if self.login_is_refused:
            raise UserError("the broker refuses the login")
        if any(len(one.body) > self.largest for one in messages):
            raise NotTaken("the broker refused: message too large")
        await super().publish(messages)


async def states(world: World, number: int) -> list[State]:
    return [entry.state for entry in (await world.known(number)).story.statuses]


class TestHearing:
    async def test_a_deployment_from_acceptance_to_success(self) -> None:
        world = World()
        await world.ask(1)
        await world.publish()
        await world.report(1, TAKEN)
        await world.read()
        assert await states(world, 1) == [State.QUEUED]
        assert (await world.known(1)).taken_at == NOON
        await world.report(1, APPLIED, SUCCESS, detail="ConfigMap web applied")
        await world.read()
        assert await states(world, 1) == [State.QUEUED, State.IN_PROGRESS, State.SUCCESS]
        assert (await world.known(1)).story.statuses[-1].description == "it is success\nConfigMap web applied"

    async def test_another_cluster_has_no_say(self) -> None:
        world = World()
        await world.ask(1)
        await world.report(1, SUCCESS, cluster="prod")
        await world.read()
        assert await states(world, 1) == [State.QUEUED]

    async def test_what_is_not_ours_is_passed_over(self) -> None:
        world = World()
        await world.ask(1)
        await world.queue.publish([Message(Topic.STATUSES, "k", b"forged"), Message(Topic.ANNOUNCEMENTS, "k", b"")])
        await world.report(1, SUCCESS)
        await world.read()
        assert await states(world, 1) == [State.QUEUED, State.SUCCESS]
        assert world.rejected == ["not_ours"]

    async def test_clocks_that_run_ahead_do_not_put_the_future_into_the_log(self) -> None:
        world = World()
        await world.ask(1)
        world.now.pass_(500)
        await world.report(1, SUCCESS)
        world.now.pass_(-400)
        await world.read()
        assert (await world.known(1)).story.statuses[-1].at == world.now()

    async def test_secrets_in_a_detail_are_masked(self) -> None:
        world = World()
        await world.ask(1)
        await world.report(1, FAILURE, detail="password=hunter3\n" + "x" * 20_000)
        await world.read()
        description = (await world.known(1)).story.statuses[-1].description
        assert "hunter3" not in description
        assert len(description) < 10_000

    async def test_clusters_that_announce_themselves_are_known(self) -> None:
        world = World()
        await world.others.announce(Announcement("prod-sbs", "host-1", "1.0", NOON))
        async with world.others.subscribe(Topic.ANNOUNCEMENTS, "hookd") as subscription:
            await world.hookd.listening.read_announcements(subscription)
        assert (await world.ask(1, environment="prod-sbs")).code == 201
        world.start()
        assert (await world.ask(2, environment="prod-sbs")).code == 201


class TestGivingUp:
    async def test_nobody_answers(self) -> None:
        world = World()
        await world.ask(1)
        await world.publish()
        world.now.pass_(69)
        await world.read()
        assert await states(world, 1) == [State.QUEUED]
        world.now.pass_(3)
        await world.read()
        assert await states(world, 1) == [State.QUEUED, State.FAILURE]
        outcome = (await world.known(1)).story.outcome
        assert outcome is not None
        assert outcome.description == "no deployd for cluster dev-fss answered"
        await world.post()
        assert world.told_github(1) == [State.FAILURE]

    async def test_a_report_that_waits_in_the_queue_is_never_contradicted(self) -> None:
        """However late it is read, and however many wait before it."""
        world = World()
        await world.ask(1)
        await world.publish()
        for _ in range(250):
            await world.report(9, SUCCESS)
        await world.report(1, TAKEN, SUCCESS)
        world.now.pass_(10_000)
        async with world.others.subscribe(Topic.STATUSES, "hookd") as subscription:
            await world.hookd.listening.read(subscription, within=0.001)
            assert await states(world, 1) == [State.QUEUED]
        await world.read()
        assert await states(world, 1) == [State.QUEUED, State.SUCCESS]

    async def test_one_that_was_taken_has_longer(self) -> None:
        world = World()
        await world.ask(1)
        await world.publish()
        await world.report(1, TAKEN)
        await world.read()
        world.now.pass_(899)
        await world.read()
        assert await states(world, 1) == [State.QUEUED]
        world.now.pass_(2)
        await world.read()
        outcome = (await world.known(1)).story.outcome
        assert outcome is not None
        assert outcome.description == "deployd for cluster dev-fss did not report an outcome in time"

    async def test_after_a_trouble_of_the_queue_reports_get_time_to_arrive(self) -> None:
        world = World()
        await world.ask(1)
        await world.publish()
        world.now.pass_(100)
        world.hookd.listening.troubled()
        await world.read()
        world.now.pass_(44)
        await world.read()
        assert await states(world, 1) == [State.QUEUED]
        world.now.pass_(2)
        await world.read()
        assert await states(world, 1) == [State.QUEUED, State.FAILURE]

    async def test_after_a_start_reports_get_time_to_arrive(self) -> None:
        """hookd, the queue and its host may all have been away, and deployd may be waiting to say what it has done."""
        world = World()
        await world.ask(1)
        await world.publish()
        world.now.pass_(600)
        world.start()
        await world.read()
        assert await states(world, 1) == [State.QUEUED]
        world.now.pass_(46)
        await world.read()
        assert await states(world, 1) == [State.QUEUED, State.FAILURE]

    async def test_a_queue_that_takes_nothing_ends_it_with_its_reason(self) -> None:
        queue = Moody()
        world = World(queue=queue)
        await world.ask(1)
        queue.is_away = True
        with pytest.raises(Transient):
            await world.publish()
        world.now.pass_(71)
        await world.read()
        outcome = (await world.known(1)).story.outcome
        assert outcome is not None
        assert outcome.description == "the queue could not be reached before the deadline"
        queue.is_away = False
        await world.publish()
        assert await world.requests() == []


class TestPublishing:
    async def test_the_order_of_acceptance_is_that_of_the_queue(self) -> None:
        world = World()
        for number in range(1, 251):
            await world.ask(number)
        await world.publish()
        assert [one.deployment_id for one in await world.requests()] == list(range(1, 251))

    async def test_github_hears_of_queued_only_after_the_queue_has_it(self) -> None:
        queue = Moody()
        world = World(queue=queue)
        await world.ask(1)
        queue.is_away = True
        with pytest.raises(Transient):
            await world.publish()
        await world.post()
        assert world.told_github(1) == []
        queue.is_away = False
        await world.publish()
        await world.post()
        assert world.told_github(1) == [State.QUEUED]

    async def test_one_that_the_queue_never_takes_does_not_hold_up_the_others(self) -> None:
        queue = Moody()
        queue.largest = 20_000
        world = World(queue=queue)
        large = a_payload("aura", a_resource() | {"data": {"a": "x" * 30_000}})
        await world.ask(1)
        await world.ask(2, payload=large)
        await world.ask(3)
        await world.publish()
        assert [one.deployment_id for one in await world.requests()] == [1, 3]
        outcome = (await world.known(2)).story.outcome
        assert outcome is not None
        assert outcome.description == "the queue refused the request: the broker refused: message too large"

    async def test_a_login_that_the_queue_refuses_gives_nothing_up(self) -> None:
        queue = Moody()
        world = World(queue=queue)
        await world.ask(1)
        await world.ask(2)
        queue.login_is_refused = True
        with pytest.raises(UserError, match="refuses the login"):
            await world.publish()
        assert (await world.known(1)).story.outcome is None
        queue.login_is_refused = False
        await world.publish()
        assert [one.deployment_id for one in await world.requests()] == [1, 2]

    async def test_what_a_dead_process_left_is_published_by_the_next(self) -> None:
        world = World()
        await world.ask(1)
        world.start()
        await world.publish()
        assert [one.deployment_id for one in await world.requests()] == [1]


class TestTelling:
    async def test_people_hear_of_beginning_and_end_in_one_thread(self) -> None:
        world = World()
        await world.ask(1)
        await world.ask(2)
        await world.report(1, TAKEN, APPLIED, SUCCESS)
        await world.report(2, APPLIED, FAILURE, detail="Deployment web: ImagePullBackOff")
        await world.read()
        first, second = [
            [one for one in world.told if one.deployment == id_]
            for id_ in [(await world.known(number)).story.id for number in (1, 2)]
        ]
        assert [one.kind for one in first] == [EventKind.DEPLOYMENT_STARTED, EventKind.DEPLOYMENT_SUCCEEDED]
        assert [one.title for one in first] == ["web is being deployed in dev-fss", "web was deployed in dev-fss"]
        assert {one.thread for one in first} == {first[0].deployment}
        assert first[0].owner.team == "aura"
        assert [one.kind for one in second] == [EventKind.DEPLOYMENT_STARTED, EventKind.DEPLOYMENT_FAILED]
        assert second[1].title == "web could not be deployed in dev-fss: it is failure"
        assert (second[1].lines, second[1].severity) == (("Deployment web: ImagePullBackOff",), Severity.ERROR)

    async def test_what_is_repeated_is_told_once(self) -> None:
        world = World()
        await world.ask(1)
        for _ in range(3):
            await world.report(1, APPLIED, SUCCESS)
            await world.read()
        assert len(world.told) == 2


class TestRunning:
    async def test_all_of_it_at_once(self) -> None:
        world = World()
        async with running(world):
            await asyncio.gather(*(world.ask(number) for number in range(1, 41)))
            while len({one.delivery_id for one in await world.requests()}) < 40:
                await asyncio.sleep(0.001)
            for number in range(1, 41):
                await world.report(number, TAKEN, APPLIED, SUCCESS)
            while not all(State.SUCCESS in world.told_github(number) for number in range(1, 41)):
                await asyncio.sleep(0.001)
            while world.hookd.ready():
                await asyncio.sleep(0.001)
            assert world.hookd.status()["problems"] == {}
        await world.settle()
        await world.check()

    async def test_a_queue_that_is_away_is_said_and_outlived(self) -> None:
        queue = Moody()
        queue.is_away = True
        world = World(queue=queue)
        async with running(world):
            assert (await world.ask(1)).code == 201
            while world.hookd.ready().get("queue") != "no broker answers":
                await asyncio.sleep(0.001)
            queue.is_away = False
            while not await world.requests():
                await asyncio.sleep(0.001)
            while world.hookd.ready():
                await asyncio.sleep(0.001)

    async def test_a_store_that_is_away_keeps_reports_waiting(self) -> None:
        class Hiccup:
            def __init__(self, inner: Any) -> None:
                self._inner = inner
                self.failing = 5

            def __getattr__(self, name: str) -> Any:
                return getattr(self._inner, name)

            async def step(self, steps: Any) -> Any:
                if self.failing:
                    self.failing -= 1
                    raise Transient("the ledger can't be reached")
                return await self._inner.step(steps)

        world = World()
        world.store = Hiccup(world.store)  # type: ignore[assignment]
        world.start()
        await world.ask(1)
        await world.report(1, SUCCESS)
        await world.read()
        assert await states(world, 1) == [State.QUEUED, State.SUCCESS]

    async def test_two_processes_share_the_work_and_tell_everything_once(self) -> None:
        world = World()
        first = world.hookd
        second = world.start()
        runs = [asyncio.create_task(one.run()) for one in (first, second)]
        for number in range(1, 31):
            hookd = first if number % 2 else second
            assert (await hookd.accepting.github_event(an_event(number))).code == 201
        for number in range(1, 31):
            await world.report(number, TAKEN, APPLIED, SUCCESS)
        while not all(State.SUCCESS in world.told_github(number) for number in range(1, 31)):
            await asyncio.sleep(0.001)
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        await world.settle()
        await world.check()


@asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    run = asyncio.create_task(world.hookd.run())
    try:
        yield
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


def test_options_keep_their_secrets() -> None:
    options = HookdOptions(webhook_secrets=(SECRET,), clusters=(CLUSTER,), deadline=timedelta(seconds=5))
    assert SECRET not in repr(options)
    assert (options.reading_group, HookdOptions(group="mine").reading_group) == ("hookd", "mine")
