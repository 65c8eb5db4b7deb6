"""How far a deployd got: the same questions to every place where it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairway.adapters.memory.taken import MemoryOutcomes
from fairway.adapters.sql.taken import open_outcomes
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import DeploymentStatus, ReportedState
from fairway.domain.dispatch.taken import Taken
from fairway.services.deployd.ports import Outcomes

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = "0a1b2c3d-0000-4000-8000-000000000001"
TAKEN = Taken(ID, NOON)
SUCCESS = DeploymentStatus(
    delivery_id=ID,
    repository=RepositoryName("navikt", "shop"),
    deployment_id=42,
    state=ReportedState.SUCCESS,
    description="Deployment successful",
    team="aura",
    cluster="dev-fss",
    at=NOON,
    detail="a\nb",
)
FAILURE = replace(SUCCESS, state=ReportedState.FAILURE, description="Deployment failed: ½ of it")
Opened = Callable[[str], Outcomes]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """What a deployd of a cluster opens; the second of the same cluster finds what the first left."""
    if request.param == "memory":
        kept: dict[str, MemoryOutcomes] = {}
        yield lambda cluster: kept.setdefault(cluster, MemoryOutcomes())
        return
    url = f"sqlite:///{tmp_path / 'l.db'}" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    yield lambda cluster: open_outcomes(read_ledger_url(url), cluster)


async def test_what_was_never_taken_is_not_known(opened: Opened) -> None:
    outcomes = opened("dev")
    assert await outcomes.find(ID) is None
    assert await outcomes.unreported() == []
    await outcomes.close()


async def test_a_successor_finds_how_far_it_got(opened: Opened) -> None:
    steps = [
        TAKEN,
        replace(TAKEN, applied=("Deployment shop/web",)),
        replace(TAKEN, applied=("Deployment shop/web", "Namespace x"), watching_since=NOON + timedelta(seconds=2)),
        replace(TAKEN, applied=("Deployment shop/web",), watching_since=NOON, outcome=SUCCESS),
    ]
    for step in steps:
        first = opened("dev")
        await first.save(step)
        await first.close()
        second = opened("dev")
        assert await second.find(ID) == step
        await second.close()


async def test_the_first_outcome_stays(opened: Opened) -> None:
    outcomes = opened("dev")
    ended = replace(TAKEN, outcome=SUCCESS)
    await outcomes.save(ended)
    for late in (TAKEN, replace(TAKEN, outcome=FAILURE), replace(TAKEN, applied=("x",))):
        await outcomes.save(late)
        assert await outcomes.find(ID) == ended
    await outcomes.save(replace(TAKEN, outcome=FAILURE, reported=True))
    assert await outcomes.find(ID) == replace(ended, reported=True)
    await outcomes.save(ended)
    assert await outcomes.find(ID) == replace(ended, reported=True)
    await outcomes.close()


async def test_what_was_not_reported_comes_oldest_first(opened: Opened) -> None:
    outcomes = opened("dev")
    for number, minutes in (("a", 3), ("b", 1), ("c", 2)):
        status = replace(SUCCESS, delivery_id=number)
        await outcomes.save(Taken(number, NOON + timedelta(minutes=minutes), outcome=status))
    await outcomes.save(Taken("open", NOON))
    assert [one.delivery_id for one in await outcomes.unreported()] == ["b", "c", "a"]
    reported = (await outcomes.unreported())[0]
    await outcomes.save(replace(reported, reported=True))
    assert [one.delivery_id for one in await outcomes.unreported()] == ["c", "a"]
    await outcomes.close()


async def test_only_what_is_over_and_told_is_forgotten(opened: Opened) -> None:
    outcomes = opened("dev")
    await outcomes.save(Taken("open", NOON))
    await outcomes.save(Taken("untold", NOON, outcome=replace(SUCCESS, delivery_id="untold")))
    await outcomes.save(Taken("told", NOON, outcome=replace(SUCCESS, delivery_id="told"), reported=True))
    later = NOON + timedelta(days=1)
    await outcomes.save(Taken("new", later, outcome=replace(SUCCESS, delivery_id="new"), reported=True))
    assert await outcomes.forget(NOON + timedelta(hours=1)) == 1
    assert await outcomes.forget(NOON + timedelta(hours=1)) == 0
    known = [name for name in ("open", "untold", "told", "new") if await outcomes.find(name)]
    assert known == ["open", "untold", "new"]
    await outcomes.close()


async def test_clusters_that_share_a_database_do_not_share_what_they_took(opened: Opened) -> None:
    dev, prod = opened("dev"), opened("prod")
    await dev.save(replace(TAKEN, outcome=SUCCESS))
    await prod.save(TAKEN)
    assert await prod.find(ID) == TAKEN
    assert await prod.unreported() == []
    assert [one.delivery_id for one in await dev.unreported()] == [ID]
    for one in (dev, prod):
        await one.close()


async def test_many_at_once_are_all_kept(opened: Opened) -> None:
    outcomes = opened("dev")
    saved = [Taken(str(n), NOON, ("a",) * (n % 3)) for n in range(50)]
    ended = [replace(one, outcome=replace(SUCCESS, delivery_id=one.delivery_id)) for one in saved[::2]]
    told = [replace(one, reported=True) for one in ended[::2]]
    await asyncio.gather(*(outcomes.save(one) for one in (*saved, *ended, *told)))
    expected = {one.delivery_id: one for one in (*saved, *ended, *told)}
    assert [await outcomes.find(one.delivery_id) for one in saved] == [expected[one.delivery_id] for one in saved]
    assert len(await outcomes.unreported()) == len(ended) - len(told)
    await outcomes.close()


async def test_who_stops_waiting_does_not_spoil_it_for_others(opened: Opened) -> None:
    outcomes = opened("dev")
    saving = [asyncio.create_task(outcomes.save(Taken(str(n), NOON))) for n in range(10)]
    await asyncio.sleep(0)
    saving[3].cancel()
    await asyncio.gather(*saving, return_exceptions=True)
    kept = [await outcomes.find(str(n)) for n in range(10) if n != 3]
    assert None not in kept
    await outcomes.close()


OUTCOMES = st.sampled_from([None, SUCCESS, FAILURE])
SAVED = st.builds(
    Taken, st.just(ID), st.just(NOON), st.sampled_from([(), ("a",)]), outcome=OUTCOMES, reported=st.booleans()
)


@given(steps=st.lists(SAVED, min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
async def test_every_place_remembers_what_memory_remembers(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Taken]
) -> None:
    memory = MemoryOutcomes()
    kept = open_outcomes(read_ledger_url(f"sqlite:///{tmp_path_factory.mktemp('taken') / 'l.db'}"), "dev")
    for step in steps:
        step = step if step.outcome is not None else replace(step, reported=False)
        await memory.save(step)
        await kept.save(step)
        assert await kept.find(ID) == await memory.find(ID)
    await kept.close()
