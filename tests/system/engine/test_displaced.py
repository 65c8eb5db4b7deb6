"""A Service whose port somebody edited: ours comes back, and theirs goes, although they are two items of a list."""

from __future__ import annotations

import pytest
from tests.support.clusters import Cluster
from tests.support.engine import World, plain

from fairway.domain.manifests.objects import Object
from fairway.domain.progress import Outcome

pytestmark = pytest.mark.cluster


def service(*ports: Object) -> Object:
    spec = {"selector": {"app": "web"}, "ports": list(ports)}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def edited(cluster: Cluster, world: World, ports: list[Object], manager: str = "kubectl-edit") -> None:
    path = f"/api/v1/namespaces/{world.namespace}/services/web?fieldManager={manager}"
    cluster.client.request("PATCH", path, {"spec": {"ports": ports}}, "application/merge-patch+json")


async def ports_of(world: World) -> list[int]:
    found = await world.get("Service", "web")
    assert found is not None
    return [port["port"] for port in found["spec"]["ports"]]


@pytest.mark.parametrize("name", [{}, {"name": "http"}], ids=["without a name", "with a name"])
async def test_an_edited_port_is_put_back(world: World, cluster: Cluster, name: Object) -> None:
    declared = plain("web", service({"port": 80, **name}))
    await world.apply(declared)
    edited(cluster, world, [{"port": 8080, **name}])
    assert await ports_of(world) == [8080]
    assert (await world.drift(declared))["web"] == ("update Service/web",)
    assert (await world.plan_one(declared)).action == "correct"
    result = await world.one(declared)
    assert (result.outcome, result.reasons) == (Outcome.CORRECTED, ())
    assert await ports_of(world) == [80]
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED


async def test_a_port_that_somebody_added_beside_stays(world: World, cluster: Cluster) -> None:
    declared = plain("web", service({"port": 80, "name": "http"}))
    await world.apply(declared)
    edited(cluster, world, [{"port": 80, "name": "http"}, {"port": 9090, "name": "metrics"}])
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    assert await ports_of(world) == [80, 9090]
