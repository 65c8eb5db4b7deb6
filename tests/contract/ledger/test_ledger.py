"""What every ledger promises, whatever it is kept in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.support.deployments import a_deployment, a_log, a_run, at, id_at

from fairway.domain.deployments.query import Query
from fairway.domain.deployments.record import ChangeKind, PlanSummary, Story
from fairway.domain.deployments.status import FAILED, State
from fairway.services.recording.ports import Ledger

QUEUED, STARTED, SUCCESS, FAILURE = State.QUEUED, State.IN_PROGRESS, State.SUCCESS, State.FAILURE


async def the_story(ledger: Ledger, id_: str) -> Story:
    [story] = await ledger.starting_with(id_, limit=2)
    return story


def ids(stories: Sequence[Story]) -> list[str]:
    return [story.id for story in stories]


async def test_what_was_written_comes_back_as_it_was(ledger: Ledger) -> None:
    run = a_run(
        branch="main",
        dirty=True,
        subject='orders 1.4.2 — "größer"',
        repository="shop/deployments",
        delivery_id="d-1",
        reason="drift",
    )
    deployment = a_deployment(run, parent_id=id_at(-5), labels={"owner": "web", "github.deployment": "17"})
    log = a_log(deployment, QUEUED, STARTED, SUCCESS, description="first\nsecond ✓", revision=12)
    await ledger.write([run, deployment, *log])
    assert await the_story(ledger, deployment.id) == Story(run, deployment, tuple(log))


async def test_a_deployment_without_chart_plan_or_revision_comes_back_too(ledger: Ledger) -> None:
    run = a_run()
    deployment = a_deployment(run, chart="", chart_version="", revision_before=None, plan=PlanSummary(), labels={})
    await ledger.write([run, deployment])
    assert await the_story(ledger, deployment.id) == Story(run, deployment, ())
    assert (await the_story(ledger, deployment.id)).state is QUEUED


async def test_writing_again_changes_nothing_and_counts_nothing(ledger: Ledger) -> None:
    run = a_run()
    deployment = a_deployment(run)
    log = a_log(deployment, QUEUED, STARTED, SUCCESS)
    records = [run, deployment, *log]
    assert await ledger.write(records) == log
    assert await ledger.write(records) == []
    assert await ledger.write([a_run(subject="another"), a_deployment(run, release="another"), *log]) == []
    assert await the_story(ledger, deployment.id) == Story(run, deployment, tuple(log))


async def test_the_first_outcome_stands(ledger: Ledger) -> None:
    run = a_run()
    deployment = a_deployment(run)
    await ledger.write([run, deployment, *a_log(deployment, QUEUED, STARTED, FAILURE)])
    assert await ledger.write(a_log(deployment, SUCCESS, start=9)) == []
    assert await ledger.write(a_log(deployment, State.ERROR, start=9)) == []
    story = await the_story(ledger, deployment.id)
    assert story.state is FAILURE
    assert story.outcome
    assert story.outcome.state is FAILURE


async def test_entries_that_come_late_are_left_out(ledger: Ledger) -> None:
    run = a_run()
    deployment = a_deployment(run)
    queued, started, done = a_log(deployment, QUEUED, STARTED, SUCCESS)
    await ledger.write([run, deployment])
    assert await ledger.write([done]) == [done]
    assert await ledger.write([started, queued]) == []
    assert (await the_story(ledger, deployment.id)).statuses == (done,)


async def test_a_newer_deployment_may_make_one_inactive_after_its_success(ledger: Ledger) -> None:
    run = a_run()
    deployment = a_deployment(run)
    await ledger.write([run, deployment, *a_log(deployment, QUEUED, STARTED, SUCCESS)])
    [inactive] = await ledger.write(a_log(deployment, State.INACTIVE, start=60))
    story = await the_story(ledger, deployment.id)
    assert story.state is State.INACTIVE
    assert story.outcome
    assert story.outcome.state is SUCCESS
    assert story.statuses[-1] == inactive


async def test_what_refers_to_nothing_is_left_out(ledger: Ledger) -> None:
    known, unknown = a_run(0), a_run(5)
    orphan = a_deployment(unknown, 6)
    assert await ledger.write([known, orphan, *a_log(orphan, QUEUED, STARTED)]) == []
    assert await ledger.starting_with(orphan.id, limit=2) == []


async def test_writing_nothing_is_fine(ledger: Ledger) -> None:
    assert await ledger.write([]) == []


async def test_a_thousand_deployments_in_one_go(ledger: Ledger) -> None:
    run = a_run()
    deployments = [a_deployment(run, 1 + n / 1000, release=f"r{n}") for n in range(1000)]
    log = [entry for deployment in deployments for entry in a_log(deployment, QUEUED, STARTED, SUCCESS)]
    assert len(await ledger.write([run, *deployments, *log])) == 3000
    page = await ledger.find(Query(run_id=run.id, states=frozenset({SUCCESS}), limit=2000))
    assert ids(page.stories) == ids([Story(run, d, ()) for d in reversed(deployments)])


class TestFinding:
    @pytest.fixture
    async def filled(self, ledger: Ledger) -> Ledger:
        """Three runs: two releases in prod, one of them again in stage, and a failure in prod."""
        first, second, third = a_run(0), a_run(100, delivery_id="d-2"), a_run(200)
        web = a_deployment(first, 1)
        orders = a_deployment(first, 2, release="orders")
        stage = a_deployment(second, 101, environment="stage")
        again = a_deployment(third, 201, action=ChangeKind.RETRY)
        await ledger.write([first, web, orders, *a_log(web, QUEUED, STARTED, SUCCESS), *a_log(orders, QUEUED, STARTED)])
        await ledger.write([second, stage, *a_log(stage, QUEUED, STARTED, SUCCESS, State.ROLLED_BACK)])
        await ledger.write([third, again, *a_log(again, QUEUED, STARTED, FAILURE, start=201)])
        return ledger

    @pytest.mark.parametrize(
        ("query", "seconds"),
        [
            (Query(), [201, 101, 2, 1]),
            (Query(environment="prod"), [201, 2, 1]),
            (Query(release="web"), [201, 101, 1]),
            (Query(environment="prod", release="web"), [201, 1]),
            (Query(environment="nowhere"), []),
            (Query(run_id=id_at(0, 7)), [2, 1]),
            (Query(delivery_id="d-2"), [101]),
            (Query(delivery_id="d-3"), []),
            (Query(states=FAILED), [201, 101]),
            (Query(states=frozenset({STARTED})), [2]),
            (Query(since=at(2)), [201, 101, 2]),
            (Query(since=at(101.001)), [201]),
            (Query(before=id_at(101)), [2, 1]),
            (Query(environment="prod", states=frozenset({SUCCESS}), since=at(0)), [1]),
        ],
    )
    async def test_all_conditions_hold_and_the_newest_comes_first(
        self, filled: Ledger, query: Query, seconds: list[float]
    ) -> None:
        assert ids((await filled.find(query)).stories) == [id_at(second) for second in seconds]

    async def test_pages_follow_each_other_without_gap_or_repetition(self, filled: Ledger) -> None:
        seen: list[str] = []
        before = ""
        for _ in range(4):
            page = await filled.find(Query(limit=1, before=before))
            seen += ids(page.stories)
            before = page.next
        assert seen == [id_at(second) for second in (201, 101, 2, 1)]
        assert before == ""

    async def test_a_page_that_is_just_full_is_the_last(self, filled: Ledger) -> None:
        assert (await filled.find(Query(limit=4))).next == ""

    async def test_a_prefix_finds_by_the_deployments_id_and_by_the_runs(self, filled: Ledger) -> None:
        assert ids(await filled.starting_with(id_at(1), limit=9)) == [id_at(1)]
        assert ids(await filled.starting_with(id_at(0, 7), limit=9)) == [id_at(1), id_at(2)]
        assert len(await filled.starting_with(id_at(0)[:4], limit=9)) == 4
        assert len(await filled.starting_with(id_at(0)[:4], limit=3)) == 3
        assert await filled.starting_with("7ZZ", limit=9) == []

    async def test_neighbours_are_those_next_to_the_given_in_the_whole_ledger(self, filled: Ledger) -> None:
        assert await filled.neighbours([id_at(2)]) == {id_at(1), id_at(101)}
        assert await filled.neighbours([id_at(1), id_at(201)]) == {id_at(2), id_at(101)}
        assert await filled.neighbours([]) == set()


async def test_two_writers_of_one_log_agree_on_a_single_outcome(ledger: Ledger) -> None:
    run = a_run()
    deployments = [a_deployment(run, 1 + n) for n in range(20)]
    await ledger.write([run, *deployments])
    batches = [
        [entry for deployment in deployments for entry in a_log(deployment, STARTED, outcome)]
        for outcome in (SUCCESS, FAILURE, State.ERROR)
    ]
    counted = await asyncio.gather(*[ledger.write(batch) for batch in batches])
    outcomes = [entry for batch in counted for entry in batch if entry.state is not STARTED]
    assert sorted(entry.deployment_id for entry in outcomes) == [deployment.id for deployment in deployments]
    for story in (await ledger.find(Query(limit=20))).stories:
        assert [entry.state for entry in story.statuses] in (
            [STARTED, SUCCESS],
            [STARTED, FAILURE],
            [STARTED, State.ERROR],
        )
