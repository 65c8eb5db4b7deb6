"""Several hookd processes at one database, and orders in which things can come."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.requests.conftest import Open
from tests.support.deployments import NOON, at
from tests.support.hookd import a_request, delivery

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.adapters.sql.requests import open_request_store
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.deployments.status import OUTCOMES, State
from fairway.domain.errors import Transient
from fairway.services.hookd.ports import RequestStore, Step


async def test_exactly_one_process_wins_a_delivery(open_again: Open) -> None:
    stores = [await open_again() for _ in range(3)]
    batches = [[a_request(n) for n in order] for order in (range(1, 31), range(30, 0, -1), range(1, 31))]
    won = await asyncio.gather(*(store.add(batch) for store, batch in zip(stores, batches, strict=True)))
    assert sorted(itertools.chain(*won)) == [delivery(n) for n in range(1, 31)]
    for one in await stores[0].find(limit=100):
        assert [entry.state for entry in one.story.statuses] == [State.QUEUED]


async def test_exactly_one_process_wins_a_deployment_of_github(open_again: Open) -> None:
    stores = [await open_again() for _ in range(3)]

    async def add(store: RequestStore, first: int) -> set[str]:
        batch = [a_request(first + n, deployment_id=n) for n in range(1, 21)]
        for _ in range(5):
            try:
                return await store.add(batch)
            except Transient:
                continue
        return set()

    won = await asyncio.gather(*(add(store, 100 * n) for n, store in enumerate(stores)))
    assert sum(len(one) for one in won) == 20
    assert sorted(one.deployment_id for one in await stores[0].find(limit=100)) == list(range(1, 21))


async def test_a_status_is_given_to_one_process_at_a_time(open_again: Open) -> None:
    stores = [await open_again() for _ in range(3)]
    await stores[0].add([a_request(n) for n in range(1, 41)])
    await stores[0].published([delivery(n) for n in range(1, 41)], NOON)
    claims = await asyncio.gather(
        *(store.to_post(limit=10, now=NOON, until=at(60)) for store in stores for _ in range(2))
    )
    given = [one.tracked.delivery_id for claim in claims for one in claim]
    assert len(given) == len(set(given))
    rest = await stores[0].to_post(limit=100, now=NOON, until=at(60))
    assert sorted(given + [one.tracked.delivery_id for one in rest]) == [delivery(n) for n in range(1, 41)]


async def test_one_outcome_counts_whoever_writes_at_once(open_again: Open) -> None:
    stores = [await open_again() for _ in range(2)]
    await stores[0].add([a_request(n, app=f"app-{n}") for n in range(1, 21)])

    async def end(store: RequestStore, state: State) -> None:
        for number in range(1, 21):
            await store.step([Step(delivery(number), state, NOON)])

    await asyncio.gather(end(stores[0], State.SUCCESS), end(stores[1], State.FAILURE))
    for one in await stores[0].find(limit=100):
        assert len([entry for entry in one.story.statuses if entry.state in OUTCOMES]) == 1


async def test_everything_at_once_ends_well(open_again: Open) -> None:
    """Adding, publishing, stepping and posting from two processes, over the same requests."""
    first, second = [await open_again() for _ in range(2)]
    everything = [delivery(n) for n in range(1, 31)]

    async def again(call: object) -> None:
        for _ in range(20):
            try:
                await call()  # type: ignore[operator]
            except Transient:
                continue
            return
        raise AssertionError("it never got through")

    async def live(store: RequestStore) -> None:
        await again(lambda: store.add([a_request(n, app=f"app-{n}") for n in range(1, 31)]))
        await asyncio.gather(
            again(lambda: store.published(everything, NOON)),
            again(lambda: store.step([Step(id_, None, NOON, heard_at=NOON) for id_ in reversed(everything)])),
            again(lambda: store.step([Step(id_, State.IN_PROGRESS, NOON) for id_ in reversed(everything)])),
            again(lambda: store.step([Step(id_, State.SUCCESS, NOON) for id_ in everything])),
            again(lambda: store.to_post(limit=10, now=NOON, until=at(1))),
        )
        for id_ in everything:
            await again(lambda id_=id_: store.posted(id_, State.SUCCESS))

    await asyncio.gather(live(first), live(second))
    assert dict(await first.counts()) == {"unfinished": 0, "unpublished": 0, "to_post": 0}


states = st.sampled_from([State.IN_PROGRESS, State.SUCCESS, State.FAILURE, State.ERROR, State.INACTIVE])
calls = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(1, 3), states),
        st.tuples(st.just("published"), st.integers(1, 3), st.none()),
        st.tuples(st.just("taken"), st.integers(1, 3), st.none()),
        st.tuples(st.just("claim"), st.integers(1, 3), st.none()),
        st.tuples(st.just("posted"), st.integers(1, 3), st.booleans()),
        st.tuples(st.just("failed"), st.integers(1, 3), st.booleans()),
        st.tuples(st.just("add"), st.integers(1, 3), st.none()),
    ),
    max_size=25,
)


async def play(store: RequestStore, played: list[tuple[str, int, object]]) -> list[object]:
    """Everything that can be seen of a store after some calls."""
    seen: list[object] = []
    for moment, (call, number, what) in enumerate(played):
        id_ = delivery(number)
        if call == "add":
            seen.append(await store.add([a_request(number)]))
        elif call == "step" and isinstance(what, State):
            stepped = await store.step([Step(id_, what, at(moment))])
            seen.append([(one.tracked.delivery_id, [entry.state for entry in one.counted]) for one in stepped])
        elif call == "published":
            await store.published([id_], at(moment))
        elif call == "taken":
            assert await store.step([Step(id_, None, NOON, heard_at=at(moment))]) == []
        elif call == "claim":
            claims = await store.to_post(limit=number, now=at(moment), until=at(moment + 3))
            seen.append([(one.tracked.delivery_id, one.tries) for one in claims])
        elif call == "posted" and (known := await store.get(id_)) and known.published_at:
            # What it is in by now, or was when somebody began to tell it.
            await store.posted(id_, known.story.state if what or known.posted else State.QUEUED)
        elif call == "failed":
            await store.post_failed(id_, "502", again=at(moment + 2) if what else None)
        found = await store.get(id_)
        seen.append(found and (found.story.state, found.published_at, found.taken_at, found.posted, found.post_problem))
        seen.append(dict(await store.counts()))
        seen.append([one.delivery_id for one in await store.unfinished(due=at(90))])
        seen.append([id_ for id_, _, _ in await store.unpublished(limit=9)])
        seen.append([one.delivery_id for one in await store.succeeded(id_)])
    return seen


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(calls)
async def test_a_database_answers_as_memory_does(
    tmp_path_factory: pytest.TempPathFactory, played: list[tuple[str, int, object]]
) -> None:
    folder = tmp_path_factory.mktemp("requests")
    store = await asyncio.to_thread(open_request_store, read_ledger_url(f"sqlite:///{folder / 'ledger.db'}"))
    try:
        expected = await play(MemoryRequestStore(MemoryLedger()), played)
        assert await play(store, played) == expected
    finally:
        await store.close()
