"""Drift watches follow what is applied, cluster by cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest
from tests.support.engine import World, config_map, memory_world, plain

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.manifests.objects import ObjectRef
from fairway.services.watching.clusters import ClusterWatches
from fairway.services.watching.drift_watch import DriftWatch

WEB, ORDERS = plain("web", config_map("web", colour="blue")), plain("orders", config_map("orders", size="s"))


class Looking:
    def __init__(self) -> None:
        self.named: list[tuple[str, str]] = []
        self.lost: list[str] = []
        self.watches = ClusterWatches(
            lambda kube, store: DriftWatch(kube, store, settle=0.02),
            lambda *key: self.named.append(key),
            self.lost.append,
        )

    async def until(self, *keys: tuple[str, str]) -> None:
        async with asyncio.timeout(20):
            while set(keys) - set(self.named):
                await asyncio.sleep(0.01)


@pytest.fixture
async def looking() -> AsyncIterator[Looking]:
    made = Looking()
    task = asyncio.create_task(made.watches.run())
    yield made
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def config(name: str) -> ObjectRef:
    return ObjectRef("v1", "ConfigMap", "default", name)


async def test_what_was_applied_is_watched_release_by_release(looking: Looking) -> None:
    world = memory_world()
    await world.apply(WEB, ORDERS)
    environment = world.environment([WEB, ORDERS])
    await looking.watches.applied(environment, world.session, frozenset({"web"}))
    await asyncio.sleep(0.2)
    await world.kube.delete(config("orders"))
    await world.kube.delete(config("web"))
    await looking.until(("test", "web"))
    assert ("test", "orders") not in looking.named
    await looking.watches.applied(environment, world.session, frozenset({"orders"}))
    await looking.until(("test", "web"), ("test", "orders"))


async def test_environments_of_one_cluster_share_watches_and_those_of_another_have_their_own(looking: Looking) -> None:
    here, there = memory_world(), memory_world()
    canary = replace(here, environment_name="canary")
    await here.apply(WEB)
    await canary.apply(ORDERS, only=["orders"])
    other = replace(there, environment_name="other")
    await other.apply(WEB)
    await looking.watches.applied(here.environment([WEB]), here.session, None)
    await looking.watches.applied(canary.environment([ORDERS]), canary.session, None)
    await looking.watches.applied(other.environment([WEB]), other.session, None)
    await asyncio.sleep(0.2)
    assert (here.kube.requests["watch"], there.kube.requests["watch"]) == (1, 1)
    assert looking.watches.watches == 2
    for world, name in ((here, "web"), (here, "orders"), (there, "web")):
        await world.kube.delete(config(name))
    await looking.until(("test", "web"), ("canary", "orders"), ("other", "web"))


async def test_an_environment_that_moved_to_another_cluster_is_watched_there_alone(looking: Looking) -> None:
    old, new = memory_world(), memory_world()
    for world in (old, new):
        await world.apply(WEB)
    await looking.watches.applied(old.environment([WEB]), old.session, None)
    await looking.watches.applied(new.environment([WEB]), new.session, None)
    await asyncio.sleep(0.2)
    await old.kube.delete(config("web"))
    await asyncio.sleep(0.2)
    assert looking.named == []
    await new.kube.delete(config("web"))
    await looking.until(("test", "web"))
    assert looking.watches.environments == {"test"}
    looking.watches.forget("test")
    assert looking.watches.environments == frozenset()
    await asyncio.sleep(0.2)
    assert looking.watches.watches == 0


class GoneKube(MemoryKube):
    """A cluster that stops answering as soon as it is watched."""

    def watch_metadata(self, resource, namespace, **options):  # type: ignore[no-untyped-def]
        asyncio.get_running_loop().call_soon(options["on_lost"])
        return super().watch_metadata(resource, namespace, **options)


async def test_the_environments_of_a_cluster_that_stops_answering_are_named(looking: Looking) -> None:
    here, there = memory_world(kube=GoneKube()), memory_world()
    canary, other = replace(here, environment_name="canary"), replace(there, environment_name="other")
    for world in (here, other):
        await world.apply(WEB)
    await canary.apply(ORDERS, only=["orders"])
    await looking.watches.applied(other.environment([WEB]), other.session, None)
    await looking.watches.applied(here.environment([WEB]), here.session, None)
    await looking.watches.applied(canary.environment([ORDERS]), canary.session, None)
    await asyncio.sleep(0.2)
    assert set(looking.lost) == {"test", "canary"}


async def test_one_release_costs_one_small_request(looking: Looking) -> None:
    world: World = memory_world()
    await world.apply(WEB, ORDERS)
    environment = world.environment([WEB, ORDERS])
    await looking.watches.applied(environment, world.session, None)
    await asyncio.sleep(0.2)
    before = world.kube.requests.total()
    await looking.watches.applied(environment, world.session, frozenset({"web"}))
    await asyncio.sleep(0.1)
    assert world.kube.requests.total() == before + 1
