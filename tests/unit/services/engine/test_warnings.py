"""What the API server warns of is said once, at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.support.engine import World, config_map, memory_world, plain

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.progress import Notice, RunFinished


class Deprecating(MemoryKube):
    """Warns of each object that is applied, with what it holds under `warn`."""

    async def apply(self, obj: Object, ref: ObjectRef, **options: Any) -> Object:
        if text := (obj.get("data") or {}).get("warn"):
            self.warnings[text] += 1
        return await super().apply(obj, ref, **options)


def told(world: World) -> list[str]:
    return [event.text for event in world.events if isinstance(event, Notice)]


async def test_each_warning_once_after_all_releases_and_only_in_the_run_that_got_it() -> None:
    world = memory_world(kube=Deprecating())
    releases = [plain(name, config_map(name, warn="v1beta1 goes in v1.40")) for name in ("web", "orders")]
    await world.apply(*releases)
    assert told(world) == ["the cluster warns: v1beta1 goes in v1.40"]
    assert isinstance(world.events[-1], RunFinished)
    world.events.clear()
    await world.apply(*releases)
    assert told(world) == []
    await world.apply(releases[0], plain("orders", config_map("orders", warn="v1beta1 goes in v1.40", k="2")))
    assert told(world) == ["the cluster warns: v1beta1 goes in v1.40"]


async def test_warnings_are_masked_and_not_without_end() -> None:
    world = memory_world(kube=Deprecating())
    secrets: Mapping[str, str] = {"hunter2": "***"}
    world = replace(
        world, session=replace(world.session, mask=lambda text: text.replace("hunter2", secrets["hunter2"]))
    )
    objects = [config_map(f"web-{n}", warn=f"no {n:02} hunter2") for n in range(12)]
    await world.apply(plain("web", *objects))
    assert told(world)[0] == "the cluster warns: no 00 ***"
    assert len(told(world)) == 11
    assert told(world)[-1] == "the cluster warns of 2 more things"
