"""What is suspended is left as it is, and said so, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.support.engine import SOURCE, World, config_map, memory_world, plain

from fairway.adapters.memory.suspensions import MemorySuspensions
from fairway.domain.errors import FairwayError, Refused
from fairway.domain.progress import Notice, Outcome, RunStarted
from fairway.domain.releases.state import Action, ReleaseState
from fairway.domain.suspensions.suspension import Suspension
from fairway.services.engine.drifting import find_drift
from fairway.services.engine.inputs import ReleaseInputs
from fairway.services.engine.planning import PlanOptions
from fairway.services.engine.plans import plan_environment
from fairway.services.engine.recording import NoLog
from fairway.services.engine.run_options import RunOptions
from fairway.services.engine.running import EnvironmentRun
from fairway.services.engine.status import environment_status

WEB = Suspension("test", "web", "database move", "ada", until=datetime(2026, 11, 22, 8, tzinfo=UTC))
WORDS = "suspended by ada until 2026-11-22 08:00 UTC: database move"


async def suspending(*suspensions: Suspension) -> World:
    """A namespace with web and orders in it, after which somebody suspended something."""
    world = memory_world()
    await world.apply(web("blue"), orders("s"))
    return await suspend(world, *suspensions)


async def suspend(world: World, *suspensions: Suspension) -> World:
    kept = MemorySuspensions()
    await kept.add(suspensions)
    return replace(world, session=replace(world.session, suspended=kept.list), events=[])


def web(colour: str, needs: Sequence[str] = ()):  # type: ignore[no-untyped-def]
    return plain("web", config_map("web", colour=colour), needs=needs)


def orders(size: str, needs: Sequence[str] = ()):  # type: ignore[no-untyped-def]
    return plain("orders", config_map("orders", size=size), needs=needs)


async def test_an_apply_leaves_it_as_it_is_and_goes_on_with_the_others() -> None:
    world = await suspending(WEB)
    result = await world.apply(web("red"), orders("l"))
    assert result.results["web"].outcome is Outcome.SUSPENDED
    assert (result.results["web"].revision, result.results["web"].reasons) == (1, (WORDS,))
    assert result.results["orders"].outcome is Outcome.UPGRADED
    assert await world.data("web") == {"colour": "blue"}
    assert result.exit_code == 0


async def test_what_its_files_say_wrong_stops_nobody_while_it_is_suspended() -> None:
    world = await suspending(WEB)
    opened = world.opened([web("red"), orders("l")])

    async def gather(release, capabilities) -> ReleaseInputs:  # type: ignore[no-untyped-def]
        assert release.name != "web", "nothing of it is read"
        return await opened.gather(release, capabilities)

    run = EnvironmentRun(
        world.session, opened.environment, gather, options=RunOptions(), report=world.events.append, log=NoLog()
    )
    assert (await run.apply()).results["orders"].outcome is Outcome.UPGRADED


async def test_who_needs_it_goes_on_with_what_is_there() -> None:
    world = await suspending(WEB)
    result = await world.apply(web("red"), orders("l", needs=["web"]))
    assert result.results["orders"].outcome is Outcome.UPGRADED


async def test_drift_of_it_is_neither_corrected_nor_shown() -> None:
    world = await suspending(WEB)
    await world.put(config_map("web", colour="red"))
    result = await world.apply(web("blue"), orders("s"))
    assert await world.data("web") == {"colour": "red"}
    assert result.results["web"].outcome is Outcome.SUSPENDED
    found = {r.release: r for r in (await find_drift(world.opened([web("blue"), orders("s")]))).releases}
    assert (found["web"].state, found["web"].objects, found["web"].reason) == (ReleaseState.SUSPENDED, (), WORDS)


async def test_a_plan_names_the_state_and_why() -> None:
    world = await suspending(WEB)
    plan = {r.release: r for r in (await world.plan(web("red"), orders("s"))).releases}
    assert (plan["web"].state, plan["web"].action) == (ReleaseState.SUSPENDED, Action.NOTHING)
    assert (plan["web"].reason, plan["web"].changes, plan["web"].from_revision) == (WORDS, (), 1)
    assert plan["orders"].state is ReleaseState.CURRENT


async def test_the_status_of_it_is_shown_with_who_suspended_it() -> None:
    world = await suspending(WEB)
    rows = {row.name: row for row in await environment_status(world.opened([web("blue"), orders("s")]))}
    assert (rows["web"].suspended, rows["web"].health, rows["orders"].suspended) == (WEB, "healthy", None)


async def test_a_suspended_environment_is_left_alone_with_what_it_no_longer_declares() -> None:
    world = await suspending(Suspension("test", by="ada"))
    result = await world.apply(web("red"))
    assert [(n, r.outcome) for n, r in result.results.items()] == [("web", Outcome.SUSPENDED)]
    assert await world.data("orders") == {"size": "s"}
    (told,) = [event for event in world.events if isinstance(event, Notice)]
    assert (told.release, told.text) == (
        "orders",
        "no longer declared, and left alone: suspended with all of test by ada",
    )
    plan = {r.release: r.state for r in (await world.plan(web("red"))).releases}
    assert plan == {"web": ReleaseState.SUSPENDED, "orders": ReleaseState.SUSPENDED}


async def test_another_environment_of_the_same_namespace_is_not_meant() -> None:
    world = await suspending(Suspension("other", "web"))
    assert (await world.apply(web("red"), orders("s"))).results["web"].outcome is Outcome.UPGRADED


async def test_it_goes_on_when_the_time_is_over() -> None:
    past = datetime(2026, 11, 21, 11, tzinfo=UTC)
    world = await suspending(replace(WEB, until=past))
    assert (await world.apply(web("red"), orders("s"))).results["web"].outcome is Outcome.UPGRADED


async def test_who_names_it_is_refused_before_anything_is_touched() -> None:
    world = await suspending(WEB)
    opened = world.opened([web("red"), orders("l")])
    options = RunOptions(only=frozenset({"web", "orders"}), named=frozenset({"web", "orders"}))
    run = EnvironmentRun(
        world.session, opened.environment, opened.gather, options=options, report=world.events.append, log=NoLog()
    )
    with pytest.raises(Refused, match=r"web is suspended by ada .*nothing was applied") as refused:
        await run.apply()
    assert refused.value.fix == "fairway resume test web; or once: --even-suspended"
    assert await world.data("orders") == {"size": "s"}
    assert world.events == []


async def test_who_names_one_of_a_suspended_environment_is_told_what_to_resume() -> None:
    world = await suspending(Suspension("test", by="ada"), WEB)
    opened = world.opened([web("red"), orders("l")])
    options = RunOptions(only=frozenset({"orders"}), named=frozenset({"orders"}))
    run = EnvironmentRun(
        world.session, opened.environment, opened.gather, options=options, report=world.events.append, log=NoLog()
    )
    with pytest.raises(Refused, match="orders is suspended with all of test by ada") as refused:
        await run.apply()
    assert refused.value.fix == "fairway resume test; or once: --even-suspended"


async def test_the_headline_counts_what_is_awaited_and_what_is_suspended() -> None:
    world = await suspending(WEB)
    await world.apply(web("red"), orders("l"))
    (started,) = [event for event in world.events if isinstance(event, RunStarted)]
    assert (started.releases, started.counts, started.suspended) == (("web", "orders"), {Action.UPGRADE: 1}, 1)


async def test_who_insists_applies_and_plans_it_all_the_same() -> None:
    world = await suspending(WEB)
    plan = await world.plan_one(web("red"), even_suspended=True)
    assert plan.state is ReleaseState.OUTDATED
    result = await world.apply(web("red"), orders("s"), even_suspended=True)
    assert result.results["web"].outcome is Outcome.UPGRADED


async def test_it_costs_one_question_for_each_look() -> None:
    world = await suspending()
    asked: list[str] = []

    async def suspended(environment: str) -> tuple[Suspension, ...]:
        asked.append(environment)
        return ()

    world = replace(world, session=replace(world.session, suspended=suspended))
    await world.apply(web("red"))
    assert asked == ["test"]


async def test_who_may_not_see_what_is_suspended_applies_nothing() -> None:
    """Deploying into somebody's freeze is worse than not deploying."""

    async def forbidden(environment: str) -> tuple[Suspension, ...]:
        raise FairwayError("configmaps is forbidden")

    world = await suspending()
    world = replace(world, session=replace(world.session, suspended=forbidden))
    with pytest.raises(FairwayError, match="configmaps is forbidden"):
        await world.apply(web("red"), orders("s"))
    with pytest.raises(FairwayError, match="configmaps is forbidden"):
        await plan_environment(world.opened([web("red")]), PlanOptions(source=SOURCE))
