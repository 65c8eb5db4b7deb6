"""Killed at any write, the next apply converges: what is in the cluster is what an undisturbed run leaves."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tests.support.charts import write_chart
from tests.support.crashing import CrashingKube
from tests.support.engine import Declared, StillWaiter, World, charted, config_map, memory_world, plain

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.progress import Outcome
from fairway.domain.releases.holding import Life

HOOK = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-before
  annotations: {helm.sh/hook: "pre-install,pre-upgrade,pre-rollback,pre-delete"}
data: {at: "{{ .Release.Revision }}"}
"""
OBJECTS = """\
{{- range .Values.names }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ . }}}
data: {text: {{ $.Values.text | quote }}}
{{- end }}
"""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    files = {
        "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "templates/hook.yaml": HOOK,
        "templates/all.yaml": OBJECTS,
    }
    return write_chart(tmp_path / "web", files)


async def killed(kube: MemoryKube, at: int, *, after: bool, work: Any) -> int:
    """Run `work` in a process that dies at write `at`; returns how many writes it had got to."""
    crashing = CrashingKube(kube, at, after=after)
    world = memory_world(kube=crashing, process="1:1")  # type: ignore[arg-type]
    try:
        await work(world)
    except BaseException:
        if not crashing.dead:
            raise
    return len(crashing.writes)


def objects(kube: MemoryKube) -> dict[str, Any]:
    """Everything but the records: what is applied and what hooks left."""
    return {
        f"{key.kind.name}/{key.name}": obj.get("data")
        for key, obj in kube._objects.items()
        if key.kind.name not in ("Secret", "Namespace")
    }


async def converged(kube: MemoryKube, declared: Declared, **options: Any) -> World:
    world = memory_world(kube=kube, process="2:2", life=lambda _: Life.DEAD)
    result = await world.one(declared, **options)
    assert not result.outcome.is_bad, result
    history = await world.history(declared.release.name)
    assert not [s for _, s in history if s.startswith("pending") or s == "uninstalling"], history
    assert [s for _, s in history].count("deployed") == 1, history
    assert history[-1][1] == "deployed"
    again = await world.one(declared, **options)
    assert again.outcome is Outcome.UNCHANGED
    return world


async def test_an_upgrade_killed_at_any_write_is_healed_by_the_next_apply(chart: Path) -> None:
    before = charted("rel", chart, {"names": ["same", "changed", "gone"], "text": "1"})
    after_ = charted("rel", chart, {"names": ["same", "changed", "new"], "text": "2"})
    await every_point([before], after_)


async def test_a_first_install_killed_at_any_write_is_healed_by_the_next_apply(chart: Path) -> None:
    await every_point([], charted("rel", chart, {"names": ["one", "two"], "text": "1"}))


async def test_a_killed_upgrade_followed_by_other_inputs_leaves_nothing_of_the_killed_one(chart: Path) -> None:
    before = charted("rel", chart, {"names": ["a", "b", "c"], "text": "1"})
    killed_one = charted("rel", chart, {"names": ["a", "b", "never"], "text": "2"})
    third = charted("rel", chart, {"names": ["a", "b", "third"], "text": "3"})
    await every_point([before], killed_one, then=third)
    await every_point([before], killed_one, then=before)


async def every_point(first: list[Declared], change: Declared, *, then: Declared | None = None) -> None:
    wanted = then or change
    undisturbed = memory_world()
    for step in (*first, wanted):
        await undisturbed.one(step)
    expected = objects(undisturbed.kube)
    at, points = 1, 0
    while True:
        reached = 0
        for after in (False, True):
            kube = MemoryKube()
            for step in first:
                await memory_world(kube=kube).one(step)
            reached = await killed(kube, at, after=after, work=lambda world: world.one(change))
            if reached < at:
                break
            world = await converged(kube, wanted)
            same = {k: v for k, v in objects(kube).items() if not k.endswith("-before")}
            assert same == {k: v for k, v in expected.items() if not k.endswith("-before")}, (at, after)
            assert await world.plan_one(wanted)
            points += 1
        if reached < at:
            break
        at += 1
    assert points >= 8


async def test_a_rollback_killed_at_any_write_is_healed_by_the_next_apply(chart: Path) -> None:
    good = charted("rel", chart, {"names": ["a", "b"], "text": "1"})
    bad = charted("rel", chart, {"names": ["a", "broken"], "text": "2"})
    mended = charted("rel", chart, {"names": ["a", "whole"], "text": "3"})
    for at in range(1, 60):
        for after in (False, True):
            kube = MemoryKube()
            await memory_world(kube=kube).one(good)
            crashing = CrashingKube(kube, at, after=after)
            waiter = StillWaiter()
            waiter.failing["broken"] = "never ready"
            world = memory_world(kube=crashing, waiter=waiter)  # type: ignore[arg-type]
            try:
                assert (await world.one(bad)).outcome is Outcome.FAILED
                assert not crashing.dead
                assert at > 10
                return
            except BaseException:
                if not crashing.dead:
                    raise
            await converged(kube, mended, allow_deletions=True)
            assert {k for k in objects(kube) if "before" not in k} == {"ConfigMap/a", "ConfigMap/whole"}
    raise AssertionError("the rollback never came to its end")


async def test_a_removal_killed_at_any_write_is_finished_by_the_next_apply() -> None:
    both = [plain("stays", config_map("stays", k="1")), plain("goes", config_map("one"), config_map("two"))]
    for at in range(1, 30):
        for after in (False, True):
            kube = MemoryKube()
            await memory_world(kube=kube).apply(*both)
            reached = await killed(kube, at, after=after, work=lambda world: world.apply(both[0]))
            world = memory_world(kube=kube, process="2:2")
            await world.apply(both[0])
            assert objects(kube).keys() == {"ConfigMap/stays"}, (at, after)
            assert await world.history("goes") == []
            if reached < at:
                assert at > 4
                return
    raise AssertionError("the removal never came to its end")


async def test_a_release_left_uninstalling_that_is_still_declared_is_installed_again() -> None:
    wanted = plain("rel", config_map("one", k="1"), config_map("two", k="2"))
    for at in range(1, 30):
        kube = MemoryKube()
        await memory_world(kube=kube).one(wanted)
        reached = await killed(kube, at, after=True, work=lambda world: world.uninstall("rel"))
        if reached < at:
            assert at > 3
            return
        await converged(kube, wanted)
        assert objects(kube) == {"ConfigMap/one": {"k": "1"}, "ConfigMap/two": {"k": "2"}}
    raise AssertionError("the removal never came to its end")


async def test_a_large_record_that_was_never_finished_leaves_no_part_behind(chart: Path) -> None:
    (chart / "files").mkdir()
    (chart / "files/noise").write_bytes(random.Random(1).randbytes(1_200_000))
    before = charted("rel", chart, {"names": ["a"], "text": "1"})
    change = charted("rel", chart, {"names": ["a"], "text": "2"})
    for at in range(1, 5):
        kube = MemoryKube()
        await memory_world(kube=kube).one(before)
        await killed(kube, at, after=True, work=lambda world: world.one(change))
        world = await converged(kube, change)
        for version, _ in await world.history("rel"):
            assert (await world.revision("rel", version)).chart["files"]
        await world.uninstall("rel")
        assert [key.name for key in kube._objects if key.kind.name == "Secret"] == [], at


async def test_a_killed_upgrade_does_not_count_as_a_failed_try(chart: Path) -> None:
    before = charted("rel", chart, {"names": ["a"], "text": "1"})
    change = charted("rel", chart, {"names": ["a"], "text": "2"})
    kube = MemoryKube()
    await memory_world(kube=kube).one(before)
    await killed(kube, 4, after=True, work=lambda world: world.one(change))
    world = memory_world(kube=kube, process="2:2")
    assert (await world.one(change, insist=False)).outcome is Outcome.UPGRADED
    assert await world.data("a") == {"text": "2"}
