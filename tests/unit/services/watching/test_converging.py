"""Whatever is done to a cluster that is watched: once it is quiet, everything is as it was declared."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.engine import World, config_map, memory_world, plain

from fairway.domain.errors import FairwayError
from fairway.domain.manifests.objects import ObjectRef
from fairway.services.watching.drift_watch import DriftWatch

NAMES = ("a", "b", "c")
MEDDLING = ("edit", "delete", "add beside", "status", "helm says", "pause")
steps = st.lists(st.tuples(st.sampled_from(MEDDLING), st.sampled_from(NAMES)), max_size=12)


def wanted(name: str) -> dict[str, str]:
    return {"who": name, "k": "1"}


DECLARED = [plain(name, config_map(name, **wanted(name))) for name in NAMES]


async def meddle(world: World, what: str, name: str, number: int) -> None:
    ref = ObjectRef("v1", "ConfigMap", "default", name)
    with suppress(FairwayError):
        if what == "edit":
            await world.put(config_map(name, k=f"by hand {number}"))
        elif what == "delete":
            await world.kube.delete(ref)
        elif what == "add beside":
            await world.put(config_map(name, more=str(number)), manager="operator")
        elif what == "status":
            world.kube.set_status(ref, {"seen": str(number)})
        elif what == "helm says":
            await world.one(next(d for d in DECLARED if d.release.name == name))
        else:
            await asyncio.sleep(0.03)


@settings(max_examples=40)
@given(steps)
async def test_it_ends_as_declared_and_only_what_was_touched_was_looked_at(done: list[tuple[str, str]]) -> None:
    world = memory_world()
    await world.apply(*DECLARED)
    watch = DriftWatch(world.kube, world.session.store, settle=0.005)
    named: asyncio.Queue[str] = asyncio.Queue()
    looked_at: set[str] = set()

    async def correct() -> None:
        while True:
            name = await named.get()
            looked_at.add(name)
            await world.one(next(d for d in DECLARED if d.release.name == name))

    tasks = [asyncio.create_task(watch.run(lambda _, name: named.put_nowait(name))), asyncio.create_task(correct())]
    watch.watching(world.environment(DECLARED), await world.session.store.summaries("default"))
    await asyncio.sleep(0.03)
    try:
        for number, (what, name) in enumerate(done):
            await meddle(world, what, name, number)
        async with asyncio.timeout(30):
            while [n for n in NAMES if not wanted(n).items() <= ((await world.data(n)) or {}).items()]:
                await asyncio.sleep(0.02)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert looked_at <= {name for what, name in done if what in ("edit", "delete")}
