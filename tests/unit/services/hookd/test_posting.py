"""Telling GitHub: again when that may help, looking first when it may know already, and never for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.support.hookd import CLUSTER, SECRET, Time, a_refusal, a_request, delivery
from tests.support.hookd_world import QUICK, MemoryGithub, World

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import ReportedState
from fairway.domain.errors import Terminal, Transient
from fairway.domain.notifications.delivery import TryLater
from fairway.services.hookd.options import HookdOptions
from fairway.services.hookd.ports import NoStatuses, StatusPost, Step
from fairway.services.hookd.posting import REFUSED_TRIES, Posting


class Posted:
    """A store with one request that the queue has, and who tells GitHub of it."""

    def __init__(self, github: object | None = None) -> None:
        self.now = Time()
        self.store = MemoryRequestStore(MemoryLedger())
        self.github = github or MemoryGithub()
        self.posting = Posting(
            self.store,
            self.github,  # type: ignore[arg-type]
            now=self.now,
            backoff=QUICK,
            log_url=lambda id_: f"https://fairway.example/{id_}",
        )

    async def start(self) -> Posted:
        await self.store.add([a_request(1)])
        await self.store.published([delivery(1)], self.now())
        return self

    async def step(self, *states: State) -> None:
        await self.store.step([Step(delivery(1), state, self.now(), f"it is {state}\nwith more") for state in states])

    async def told(self) -> list[State]:
        assert isinstance(self.github, MemoryGithub)
        return [one.state for one in self.github.posts[1]]

    async def again(self, times: int = 1) -> None:
        for _ in range(times):
            await self.posting.post_all()
            self.now.pass_(1000)


async def test_github_gets_one_line_and_the_way_to_the_page() -> None:
    posted = await Posted().start()
    await posted.step(State.SUCCESS)
    await posted.again()
    assert isinstance(posted.github, MemoryGithub)
    assert posted.github.posts[1] == [
        StatusPost(
            RepositoryName("navikt", "web"),
            1,
            State.SUCCESS,
            "it is success",
            f"https://fairway.example/{delivery(1)}",
        )
    ]


async def test_each_state_is_told_in_its_time() -> None:
    posted = await Posted().start()
    for states in ((), (State.IN_PROGRESS,), (State.SUCCESS,), (State.INACTIVE,)):
        await posted.step(*states)
        await posted.again()
    assert await posted.told() == [State.QUEUED, State.IN_PROGRESS, State.SUCCESS, State.INACTIVE]


async def test_what_arrived_though_nobody_said_so_is_not_told_twice() -> None:
    posted = await Posted().start()
    posted.github.next.append("lost")  # type: ignore[attr-defined]
    await posted.step(State.FAILURE)
    await posted.again(3)
    assert await posted.told() == [State.FAILURE]
    tracked = await posted.store.get(delivery(1))
    assert tracked is not None
    assert (tracked.posted, tracked.post_problem) == (State.FAILURE, "")


async def test_what_did_not_arrive_is_told_again() -> None:
    posted = await Posted().start()
    posted.github.next.extend(["away"] * 20)  # type: ignore[attr-defined]
    await posted.step(State.FAILURE)
    await posted.again(21)
    assert await posted.told() == [State.FAILURE]


async def test_github_says_when_to_come_again() -> None:
    class Later(MemoryGithub):
        async def post(self, status: StatusPost) -> None:
            if not self.posts:
                self.posts[0] = []
                raise TryLater("the rate limit is used up", timedelta(seconds=90))
            await super().post(status)

    posted = await Posted(Later()).start()
    await posted.posting.post_all()
    posted.now.pass_(89)
    await posted.posting.post_all()
    assert await posted.told() == []
    posted.now.pass_(2)
    await posted.posting.post_all()
    assert await posted.told() == [State.QUEUED]


async def test_what_is_refused_is_tried_a_few_times_and_then_recorded() -> None:
    posted = await Posted().start()
    posted.github.next.extend(["refused"] * 50)  # type: ignore[attr-defined]
    await posted.again(30)
    assert len(posted.github.next) == 50 - REFUSED_TRIES  # type: ignore[attr-defined]
    tracked = await posted.store.get(delivery(1))
    assert tracked is not None
    assert tracked.posting_ended
    assert "Resource not accessible" in tracked.post_problem
    assert posted.posting.problem == tracked.post_problem


async def test_rights_that_come_a_little_late_are_waited_for() -> None:
    posted = await Posted().start()
    posted.github.next.extend(["refused"] * (REFUSED_TRIES - 1))  # type: ignore[attr-defined]
    await posted.step(State.SUCCESS)
    await posted.again(REFUSED_TRIES)
    assert await posted.told() == [State.SUCCESS]


async def test_tries_that_nobody_answered_are_no_refusals() -> None:
    posted = await Posted().start()
    posted.github.next.extend(["away"] * (3 * REFUSED_TRIES) + ["refused"])  # type: ignore[attr-defined]
    await posted.step(State.SUCCESS)
    await posted.again(3 * REFUSED_TRIES + 2)
    assert await posted.told() == [State.SUCCESS]


async def test_a_status_that_github_never_takes_is_given_up_after_a_day() -> None:
    posted = await Posted().start()
    posted.github.next.extend(["away"] * 1000)  # type: ignore[attr-defined]
    await posted.again(100)
    tracked = await posted.store.get(delivery(1))
    assert tracked is not None
    assert tracked.posting_ended
    assert 80 <= 1000 - len(posted.github.next) <= 90  # type: ignore[attr-defined]


async def test_a_post_that_was_lost_is_found_after_a_day_too() -> None:
    posted = await Posted().start()
    posted.github.next.append("lost")  # type: ignore[attr-defined]
    await posted.posting.post_all()
    posted.now.pass_(100_000)
    await posted.again()
    assert await posted.told() == [State.QUEUED]


async def test_only_the_newest_of_what_waited_is_told() -> None:
    posted = await Posted().start()
    posted.github.next.extend(["away"] * 3)  # type: ignore[attr-defined]
    await posted.again(3)
    await posted.step(State.IN_PROGRESS, State.SUCCESS)
    await posted.again(2)
    assert await posted.told() == [State.SUCCESS]


async def test_whoever_waits_for_one_deployment_tells_of_the_others() -> None:
    class Slow(MemoryGithub):
        def __init__(self) -> None:
            super().__init__()
            self.free = asyncio.Event()

        async def post(self, status: StatusPost) -> None:
            if status.deployment_id == 1:
                await self.free.wait()
            await super().post(status)

    github = Slow()
    posted = await Posted(github).start()
    await posted.store.add([a_refusal(n) for n in range(2, 30)])
    running = asyncio.create_task(posted.posting.run())
    while sum(1 for number in range(2, 30) if github.posts[number]) < 28:
        await asyncio.sleep(0.001)
    assert await posted.told() == []
    github.free.set()
    while not await posted.told():
        await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_store_that_does_not_note_it_leads_to_a_look_and_not_to_a_second_status() -> None:
    class Forgetful(MemoryRequestStore):
        away = 2

        async def posted(self, delivery_id: str, state: State) -> None:
            if self.away:
                self.away -= 1
                raise Transient("the ledger can't be reached")
            await super().posted(delivery_id, state)

    posted = Posted()
    posted.store = Forgetful(MemoryLedger())
    posted.posting = Posting(posted.store, posted.github, now=posted.now, backoff=QUICK)  # type: ignore[arg-type]
    await posted.start()
    await posted.step(State.SUCCESS)
    await posted.again(4)
    assert await posted.told() == [State.SUCCESS]
    assert (await posted.store.counts())["to_post"] == 0


async def test_a_defect_of_one_kind_of_error_is_no_end_of_the_others() -> None:
    class Broken(MemoryGithub):
        async def post(self, status: StatusPost) -> None:
            if status.deployment_id == 1:
                raise Terminal("the key of the App can't be read")
            await super().post(status)

    posted = await Posted(Broken()).start()
    await posted.store.add([a_refusal(2)])
    await posted.again(REFUSED_TRIES + 1)
    assert isinstance(posted.github, MemoryGithub)
    assert [one.state for one in posted.github.posts[2]] == [State.ERROR]


async def test_nobody_is_told_where_github_is_switched_off() -> None:
    world = World(options=HookdOptions(github_enabled=False, webhook_secrets=(SECRET,), clusters=(CLUSTER,)))
    running = asyncio.create_task(world.hookd.run())
    await world.ask(1)
    await world.report(1, ReportedState.SUCCESS)
    while (await world.known(1)).story.state is not State.SUCCESS:
        await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert world.told_github(1) == []
    assert world.hookd.status()["github"] is False


async def test_no_statuses_are_no_statuses() -> None:
    nobody = NoStatuses()
    repository = RepositoryName("navikt", "web")
    await nobody.post(StatusPost(repository, 1, State.SUCCESS, "", ""))
    assert await nobody.states(repository, 1) == []
    await nobody.aclose()


async def test_a_defect_is_recorded_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    class Defect(MemoryGithub):
        async def post(self, status: StatusPost) -> None:
            raise RuntimeError("a defect")

    posted = await Posted(Defect()).start()
    await posted.again(REFUSED_TRIES + 1)
    tracked = await posted.store.get(delivery(1))
    assert tracked is not None
    assert (tracked.posting_ended, tracked.post_problem) == (True, "hookd has a defect: RuntimeError")
    assert "hookd.defect" in [one.message for one in caplog.records]
