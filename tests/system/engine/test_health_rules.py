"""Custom resources whose health a release declares by rule, on a real control plane: the test plays the controller."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.support.clusters import Cluster
from tests.support.engine import Declared, World, config_map, plain
from tests.support.kube import KubeClient

from fairway.domain.health import HealthRule
from fairway.domain.manifests.objects import Object
from fairway.domain.progress import Outcome, Phase, PhaseKind
from fairway.services.engine.carrying import Result
from fairway.services.engine.status import environment_status

pytestmark = pytest.mark.cluster

FREE: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
AFLOAT = HealthRule("Ship", "status.phase", ("Sailing", "Moored"), failed=("Sunk",))


@pytest.fixture(scope="module")
def group(cluster: Cluster) -> Iterator[str]:
    """The API group of a kind Ship, whose status only a controller writes."""
    name = f"g{uuid.uuid4().hex[:8]}.example"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": FREE, "status": FREE}}},
    }
    crd: Object = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"ships.{name}"},
        "spec": {
            "group": name,
            "scope": "Namespaced",
            "names": {"kind": "Ship", "plural": "ships"},
            "versions": [version],
        },
    }
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    cluster.client.create(path, crd)
    cluster.client.wait(f"/apis/{name}/v1", lambda found: any(r["name"] == "ships/status" for r in found["resources"]))
    yield name
    cluster.client.delete(f"{path}/ships.{name}")


@dataclass
class Sea:
    """One Ship named aurora, the release that has it, and its controller."""

    world: World
    client: KubeClient
    group: str

    @property
    def path(self) -> str:
        return f"/apis/{self.group}/v1/namespaces/{self.world.namespace}/ships/aurora"

    def release(self, *rules: HealthRule, masts: int = 2, **more: Any) -> Declared:
        ship = {"apiVersion": f"{self.group}/v1", "kind": "Ship", "metadata": {"name": "aurora"}}
        return plain("fleet", {**ship, "spec": {"masts": masts}}, health=rules, **more)

    async def says(self, **status: Any) -> None:
        """The controller writes a status, once there is an object."""
        await asyncio.to_thread(self.client.wait, self.path, lambda found: True)
        merge = "application/merge-patch+json"
        await asyncio.to_thread(self.client.request, "PATCH", f"{self.path}/status", {"status": status}, merge)

    async def waiting(self, text: str) -> None:
        while not any(
            isinstance(e, Phase) and e.kind is PhaseKind.WAITING and text in e.detail for e in self.world.events
        ):
            await asyncio.sleep(0.02)

    def begin(self, declared: Declared) -> asyncio.Task[Result]:
        self.world.events.clear()
        return asyncio.create_task(self.world.one(declared))


@pytest.fixture
def sea(world: World, cluster: Cluster, group: str) -> Sea:
    return Sea(world, cluster.client, group)


async def test_a_release_is_done_when_the_rule_says_so_and_not_before(sea: Sea) -> None:
    running = sea.begin(sea.release(AFLOAT))
    await sea.waiting("status.phase is not set, waiting for Sailing or Moored")
    await sea.says(phase="Launching")
    await sea.waiting("status.phase is Launching")
    assert not running.done()
    await sea.says(phase="Moored")
    assert (await running).outcome is Outcome.INSTALLED


async def test_a_failed_value_ends_the_wait_at_once_with_the_reason(sea: Sea) -> None:
    running = sea.begin(sea.release(AFLOAT, timeout=timedelta(minutes=10)))
    await sea.says(phase="Sunk")
    result = await running
    assert result.outcome is Outcome.FAILED
    assert result.reasons[0] == "Ship aurora: status.phase is Sunk"


async def test_an_upgrade_waits_for_the_status_of_its_own_generation(sea: Sea) -> None:
    running = sea.begin(sea.release(AFLOAT))
    await sea.says(phase="Sailing", observedGeneration=1)
    assert (await running).outcome is Outcome.INSTALLED
    running = sea.begin(sea.release(AFLOAT, masts=3))
    await sea.waiting("has not seen the change")
    await sea.says(phase="Sailing", observedGeneration=2)
    assert (await running).outcome is Outcome.UPGRADED


async def test_without_a_rule_the_conventions_decide(sea: Sea) -> None:
    assert (await sea.world.one(sea.release())).outcome is Outcome.INSTALLED


async def test_a_change_of_the_rules_changes_nothing_but_how_status_judges(sea: Sea) -> None:
    assert (await sea.world.one(sea.release())).outcome is Outcome.INSTALLED
    await sea.says(phase="Sunk")
    assert (await sea.world.one(sea.release(AFLOAT))).outcome is Outcome.UNCHANGED
    (plainly,) = await environment_status(sea.world.opened([sea.release()]))
    (ruled,) = await environment_status(sea.world.opened([sea.release(AFLOAT)]))
    assert (plainly.health, ruled.health) == ("healthy", "failed")
    assert ruled.message == "Ship aurora: status.phase is Sunk"


async def test_a_rollback_waits_by_the_rules_too(sea: Sea) -> None:
    first, second = sea.release(AFLOAT), sea.release(AFLOAT, masts=3)
    running = sea.begin(first)
    await sea.says(phase="Sailing", observedGeneration=1)
    await running
    running = sea.begin(second)
    await sea.waiting("has not seen the change")
    await sea.says(phase="Sailing", observedGeneration=2)
    await running
    back = asyncio.create_task(sea.world.rollback("fleet", 1, second))
    await asyncio.to_thread(sea.client.wait, sea.path, lambda found: found["metadata"]["generation"] == 3)
    await sea.says(phase="Sunk", observedGeneration=3)
    assert (await back).outcome is Outcome.FAILED


async def test_a_release_waits_for_what_it_needs_though_that_has_nothing_to_change(sea: Sea) -> None:
    running = sea.begin(sea.release(AFLOAT))
    await sea.says(phase="Sailing")
    await running
    fleet = sea.release(AFLOAT, timeout=timedelta(minutes=10))
    crew = plain("crew", config_map("crew"), needs=["fleet"])

    await sea.says(phase="Launching")
    sea.world.events.clear()
    run = asyncio.create_task(sea.world.apply(fleet, crew))
    told = "status.phase is Launching, waiting for Sailing or Moored"
    while not any(isinstance(e, Phase) and e.release == "crew" and told in e.detail for e in sea.world.events):
        assert not run.done(), run.result()
        await asyncio.sleep(0.02)
    assert await sea.world.data("crew") is None
    await sea.says(phase="Sunk")
    results = (await run).results
    assert (results["fleet"].outcome, results["crew"].outcome) == (Outcome.UNCHANGED, Outcome.SKIPPED)
    assert results["crew"].reasons[0] == "needs fleet, which is not healthy: Ship aurora: status.phase is Sunk"

    await sea.says(phase="Moored")
    assert (await sea.world.apply(fleet, crew)).results["crew"].outcome is Outcome.INSTALLED
