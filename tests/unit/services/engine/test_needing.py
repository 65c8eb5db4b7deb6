"""What a release needs: new enough before anything is touched, and healthy before it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.charts import chart_files, write_chart
from tests.support.engine import HERE, Declared, StillWaiter, World, charted, config_map, memory_world, plain

from fairway.domain.errors import InvalidInput, Position
from fairway.domain.health import HealthRule
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.progress import Outcome, Phase, PhaseKind, ReleaseStarted
from fairway.domain.repository.models import Need
from fairway.services.engine.carrying import Result

HERE_TOO = Position("releases.yaml", 7, 9)


def deployment(name: str) -> Object:
    labels = {"app": name}
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "shop/app:1"}]}},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


class TellingWaiter(StillWaiter):
    """Remembers what was waited for, by which rules and how long, and says what it is at."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[tuple[str, ...], timedelta, tuple[HealthRule, ...]]] = []

    async def until_healthy(self, applied: Any, *, timeout: Any, on_progress: Any, rules: Any = ()) -> None:
        self.asked.append((tuple(ref.name for ref, _ in applied), timeout, tuple(rules)))
        on_progress("1 of 2 pods ready")
        await super().until_healthy(applied, timeout=timeout, on_progress=on_progress, rules=rules)


@pytest.fixture
def waiter() -> TellingWaiter:
    return TellingWaiter()


@pytest.fixture
def world(waiter: TellingWaiter) -> World:
    return memory_world(waiter=waiter)


DB = plain("db", deployment("db"), config_map("settings"))


def web(step: str = "1", name: str = "web", *needs: str) -> Declared:
    return plain(name, config_map(f"of-{name}", step=step), needs=needs or ("db",))


async def applied(world: World, *declared: Declared, **options: Any) -> dict[str, Result]:
    world.events.clear()
    return (await world.apply(*declared, **options)).results


# --- healthy


async def test_a_release_is_not_started_while_what_it_needs_is_unhealthy_though_unchanged(
    world: World, waiter: TellingWaiter
) -> None:
    await applied(world, DB, web())
    waiter.failing["db"] = "0 of 1 pods ready"
    results = await applied(world, DB, web("2"))
    assert (results["db"].outcome, results["web"].outcome) == (Outcome.UNCHANGED, Outcome.SKIPPED)
    assert results["web"].reasons == (
        "needs db, which is not healthy: Deployment db: 0 of 1 pods ready",
        "  told in detail",
    )
    assert not [e for e in world.events if isinstance(e, ReleaseStarted)]
    assert await world.data("of-web") == {"step": "1"}
    waiter.failing.clear()
    assert (await applied(world, DB, web("2")))["web"].outcome is Outcome.UPGRADED


async def test_nobody_asks_when_nothing_changes(world: World, waiter: TellingWaiter) -> None:
    await applied(world, DB, web())
    waiter.failing["db"] = "0 of 1 pods ready"
    before, asked = world.kube.requests["list"], len(waiter.asked)
    results = await applied(world, DB, web())
    assert {r.outcome for r in results.values()} == {Outcome.UNCHANGED}
    assert len(waiter.asked) == asked
    assert world.kube.requests["list"] - before <= 4


async def test_what_was_changed_in_this_run_was_waited_for_already(world: World, waiter: TellingWaiter) -> None:
    await applied(world, DB, web())
    assert [names for names, *_ in waiter.asked] == [("settings", "db"), ("of-web",)]


async def test_it_is_found_out_once_for_all_who_need_it(world: World, waiter: TellingWaiter) -> None:
    everybody = [web("1", f"web-{n}") for n in range(5)]
    await applied(world, DB, *everybody)
    waiter.asked.clear()
    before = world.kube.requests["list"]
    results = await applied(world, DB, *(web("2", f"web-{n}") for n in range(5)))
    assert {r.outcome for n, r in results.items() if n != "db"} == {Outcome.UPGRADED}
    assert [names for names, *_ in waiter.asked].count(("db",)) == 1
    assert world.kube.requests["list"] - before <= 6


async def test_only_what_can_be_unhealthy_is_looked_at_by_the_needed_release_s_own_rules_and_timeout(
    world: World, waiter: TellingWaiter
) -> None:
    rule = HealthRule("ConfigMap", "data.state", ("warm",))
    minute = timedelta(minutes=1)
    ruled = plain("db", deployment("db"), config_map("settings"), health=(rule,), timeout=minute)
    await applied(world, ruled, web())
    waiter.asked.clear()
    await applied(world, ruled, web("2"))
    assert waiter.asked[0] == (("settings", "db"), minute, (rule,))
    await applied(world, DB, web("3"))
    assert (("db",), timedelta(seconds=30), ()) in waiter.asked


async def test_waiting_for_it_is_told(world: World) -> None:
    await applied(world, DB, web())
    await applied(world, DB, web("2"))
    said = [e.detail for e in world.events if isinstance(e, Phase) and e.kind is PhaseKind.QUEUED]
    assert "for db: 1 of 2 pods ready" in said


async def test_an_object_that_somebody_deleted_is_told(world: World) -> None:
    ignoring = plain("db", deployment("db"), policy=replace(DB.release.policy, drift="ignore"))
    await applied(world, ignoring, web())
    await world.kube.delete(ObjectRef("apps/v1", "Deployment", "default", "db"))
    results = await applied(world, ignoring, web("2"))
    assert results["web"].reasons == ("needs db, which is not healthy: Deployment db is gone",)


async def test_a_needed_release_that_is_not_waited_for_counts_once_it_is_applied(
    world: World, waiter: TellingWaiter
) -> None:
    hasty = plain("db", deployment("db"), wait=False)
    waiter.failing["db"] = "never ready"
    results = await applied(world, hasty, web())
    assert {r.outcome for r in results.values()} == {Outcome.INSTALLED}
    ended = [e.release for e in world.events if isinstance(e, ReleaseStarted)]
    assert ended == ["db", "web"]
    assert (await applied(world, hasty, web("2")))["web"].outcome is Outcome.UPGRADED


async def test_a_need_outside_the_selection_is_taken_as_met(world: World, waiter: TellingWaiter) -> None:
    await applied(world, DB, web())
    waiter.failing["db"] = "0 of 1 pods ready"
    assert (await applied(world, DB, web("2"), only=["web"]))["web"].outcome is Outcome.UPGRADED


async def test_correcting_drift_waits_for_nobody(world: World, waiter: TellingWaiter) -> None:
    await applied(world, DB, web())
    waiter.failing["db"] = "0 of 1 pods ready"
    await world.put(config_map("of-web", step="edited"))
    assert (await applied(world, DB, web()))["web"].outcome is Outcome.CORRECTED


async def test_who_is_not_started_stops_its_own_dependants(world: World, waiter: TellingWaiter) -> None:
    await applied(world, DB, web(), web("1", "shop", "web"), web("1", "other"))
    waiter.failing["db"] = "0 of 1 pods ready"
    results = await applied(world, DB, web("2"), web("2", "shop", "web"), web("1", "other"))
    assert {n: r.outcome for n, r in results.items()} == {
        "db": Outcome.UNCHANGED,
        "web": Outcome.SKIPPED,
        "shop": Outcome.SKIPPED,
        "other": Outcome.UNCHANGED,
    }


# --- new enough


def database(folder: Path, version: str) -> Declared:
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\n"
    files = chart_files("db", version, {"templates/one.yaml": template})
    return charted("db", write_chart(folder / f"db-{version}", files))


def needing(least: str | None) -> Declared:
    one = plain("web", config_map("of-web"))
    return replace(one, release=replace(one.release, needs=(Need("db", HERE_TOO, least),)))


@pytest.mark.parametrize(
    ("version", "least", "fits"),
    [
        ("2.1.0", "2.1.0", True),
        ("2.1.0", "v2.1", True),
        ("10.0.0", "9.9.9", True),
        ("2.1.0+build.5", "2.1.0", True),
        ("2.0.9", "2.1.0", False),
        ("2.1.0-rc.1", "2.1.0", False),
        ("2.1.0-rc.2", "2.1.0-rc.1", True),
        ("0.0.1", None, True),
    ],
)
async def test_a_chart_that_is_too_old_is_told_before_anything_is_touched(
    world: World, tmp_path: Path, version: str, least: str | None, fits: bool
) -> None:
    declared = [database(tmp_path, version), needing(least), plain("third", config_map("third"))]
    if fits:
        assert (await applied(world, *declared))["web"].outcome is Outcome.INSTALLED
        return
    for work in (world.apply, world.plan):
        with pytest.raises(InvalidInput) as caught:
            await work(*declared)
        (mistake,) = caught.value.diagnostics
        assert (
            mistake.message == f'release "web" needs "db" from version {least}, and this environment declares {version}'
        )
        assert (mistake.position, mistake.rule) == (HERE_TOO, "min-version")
    assert await world.data("third") is None


async def test_every_need_that_is_not_met_is_told_in_one_run(world: World, tmp_path: Path) -> None:
    db = database(tmp_path, "1.0.0")
    users = []
    for name in ("one", "two"):
        user = plain(name, config_map(name))
        users.append(replace(user, release=replace(user.release, needs=(Need("db", HERE, "2.0.0"),))))
    with pytest.raises(InvalidInput) as caught:
        await world.apply(db, *users)
    assert len(caught.value.diagnostics) == 2
