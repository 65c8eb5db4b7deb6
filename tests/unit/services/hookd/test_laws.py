"""Whatever gets lost, doubled, delayed or killed: each deployment ends with exactly one true final status at GitHub."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.hookd import delivery
from tests.support.hookd_world import Crash, Life, World

from fairway.domain.deployments.status import State
from fairway.domain.dispatch.statuses import ReportedState
from fairway.services.queue.ports import Message, Topic

TAKEN, APPLIED, SUCCESS = ReportedState.PENDING, ReportedState.IN_PROGRESS, ReportedState.SUCCESS

numbers = st.integers(1, 3)
actions = st.one_of(
    st.tuples(st.just("ask"), numbers),
    st.tuples(st.just("refuse"), numbers),
    st.tuples(st.just("publish"), st.none()),
    st.tuples(st.just("report"), st.tuples(numbers, st.sampled_from(list(ReportedState)))),
    st.tuples(st.just("carry out"), st.tuples(numbers, st.sampled_from([SUCCESS, ReportedState.FAILURE]))),
    st.tuples(st.just("read"), st.none()),
    st.tuples(st.just("post"), st.lists(st.sampled_from(["ok", "lost", "away", "refused"]), max_size=3)),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("pass"), st.sampled_from([1.0, 30.0, 75.0, 1000.0])),
    st.tuples(st.just("garbage"), st.binary(max_size=20)),
)


async def do(world: World, action: str, what: Any) -> None:
    match action:
        case "ask":
            assert (await world.ask(what)).code in (200, 201)
        case "refuse":
            assert (await world.ask(what, environment="")).code == 400
        case "publish":
            await world.publish()
        case "report":
            await world.report(what[0], what[1])
        case "carry out":
            await world.report(what[0], TAKEN, APPLIED, what[1])
        case "read":
            await world.read()
        case "post":
            world.github.next.extend(what)
            await world.post()
        case "restart":
            world.start()
        case "pass":
            world.now.pass_(what)
        case "garbage":
            await world.queue.publish([Message(Topic.STATUSES, "k", what)])


@settings(max_examples=150)
@given(st.lists(actions, max_size=30))
async def test_every_order_loss_and_repetition_ends_in_one_true_final_status(played: list[tuple[str, Any]]) -> None:
    world = World()
    for action, what in played:
        await do(world, action, what)
    await world.settle()
    await world.check()


@settings(max_examples=60)
@given(
    st.lists(actions, max_size=20),
    st.integers(1, 25),
    st.booleans(),
    st.lists(st.sampled_from(["ok", "lost"]), max_size=2),
)
async def test_a_death_at_any_moment_changes_nothing_of_that(
    played: list[tuple[str, Any]], at: int, after: bool, github: list[str]
) -> None:
    world = World()
    world.start(Life(at, after))
    world.github.next.extend(github)
    for action, what in played:
        try:
            await do(world, action, what)
        except (Crash, AssertionError, BaseExceptionGroup):
            # An assertion is the answer of somebody who dies while he answers.
            if not world.life.dead:
                raise
        if world.life.dead:
            world.start()
    await world.settle()
    await world.check()


async def live(world: World) -> None:
    """Two deployments of the same thing from acceptance to success, and one that is refused."""
    for number in (1, 2):
        await world.ask(number)
    await world.ask(3, environment="")
    await world.publish()
    for number in (1, 2):
        await world.report(number, TAKEN, APPLIED)
    await world.read()
    await world.post()
    for number in (1, 2):
        await world.report(number, SUCCESS)
    await world.read()
    await world.post()


async def count_calls() -> int:
    world = World()
    await live(world)
    await world.check()
    return world.life.calls


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_each_step_of_the_way_is_healed(after: bool) -> None:
    """Before and after each call that leaves the process: to the store, the queue, and GitHub."""
    calls = await count_calls()
    assert calls > 20
    for at in range(1, calls + 1):
        world = World()
        world.start(Life(at, after))
        with suppress(Crash, BaseExceptionGroup):
            await live(world)
        assert world.life.dead
        world.start()
        # Whoever asked and got no answer asks again; the cluster has done its work or does it now.
        for number in (1, 2):
            assert (await world.ask(number)).code in (200, 201)
        assert (await world.ask(3, environment="")).code == 400
        await world.publish()
        published = {one.delivery_id for one in await world.requests()}
        assert published == {delivery(1), delivery(2)}
        for number in (1, 2):
            await world.report(number, TAKEN, APPLIED, SUCCESS)
        await world.settle()
        await world.check()
        assert world.told_github(1)[-2:] == [State.SUCCESS, State.INACTIVE]
        assert world.told_github(2)[-1] is State.SUCCESS
        assert world.told_github(3) == [State.ERROR]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2])
async def test_a_report_is_not_lost_with_whoever_died_while_reading_it(at: int, after: bool) -> None:
    world = World()
    await world.ask(1)
    await world.publish()
    await world.report(1, TAKEN, APPLIED, SUCCESS)
    world.start(Life(at, after))
    with suppress(Crash, BaseExceptionGroup):
        await world.read()
    world.start()
    await world.read()
    assert (await world.known(1)).story.state is State.SUCCESS
