"""What only a real API server can answer: identity, strictness, warnings."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.clusters import Cluster

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.client import KubeClient
from fairway.adapters.kube.target import Impersonation
from fairway.domain.kube_errors import Forbidden, InvalidObject
from fairway.domain.manifests.objects import Kind, Object, ObjectRef, ref_of

pytestmark = pytest.mark.cluster


@pytest.fixture
async def kube(cluster: Cluster) -> AsyncIterator[KubeClient]:
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as client:
        yield client


async def test_the_client_says_where_it_is(kube: KubeClient, cluster: Cluster) -> None:
    assert kube.address.startswith("https://127.0.0.1:")
    assert kube.context == cluster.context


async def test_whoever_is_acted_as_has_only_his_own_rights(cluster: Cluster, namespace: str) -> None:
    config = ObjectRef("v1", "ConfigMap", namespace, "x")
    nobody, master = Impersonation("nobody"), Impersonation("nobody", ("system:masters",))
    async with open_cluster(str(cluster.kubeconfig), cluster.context, impersonate=nobody) as kube:
        with pytest.raises(Forbidden) as caught:
            await kube.get(config)
    assert "RBAC" in (caught.value.fix or "")
    async with open_cluster(str(cluster.kubeconfig), cluster.context, impersonate=master) as kube:
        assert await kube.get(config) is None


async def test_an_unknown_field_is_refused_by_apply_and_by_create(kube: KubeClient, namespace: str) -> None:
    obj: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "namespace": namespace},
        "dta": {"a": "1"},
    }
    for write in (kube.apply, kube.create):
        with pytest.raises(InvalidObject, match="dta"):
            await write(obj, ref_of(obj))


async def test_a_refused_secret_is_not_quoted(kube: KubeClient, namespace: str) -> None:
    obj: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "x", "namespace": namespace},
        "data": {"password": "not-base64-hunter2000"},
    }
    with pytest.raises(InvalidObject) as caught:
        await kube.create(obj, ref_of(obj))
    assert "hunter2000" not in str(caught.value)


async def test_warnings_of_the_server_are_collected(kube: KubeClient, namespace: str) -> None:
    resource = (await kube.discover()).by_ref["v1", "Endpoints"]
    await kube.list_objects(resource, namespace)
    assert any("deprecated" in text for text in kube.warnings)


async def test_discovery_knows_the_kinds_of_crds_and_prefers_stable_versions(kube: KubeClient) -> None:
    resources = await kube.discover()
    assert resources.by_kind[Kind("gateway.networking.k8s.io", "Gateway")].api_version == "gateway.networking.k8s.io/v1"
    assert kube.missing_apis == ()
    assert kube.requests == {"discover": 3}


async def test_hundreds_of_requests_share_the_pool(kube: KubeClient, namespace: str) -> None:
    import asyncio

    objects: list[Object] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{n}", "namespace": namespace}}
        for n in range(200)
    ]
    await asyncio.gather(*(kube.apply(obj, ref_of(obj)) for obj in objects))
    listed = await kube.list_metadata((await kube.discover()).by_ref["v1", "ConfigMap"], namespace)
    assert len([item for item in listed if item["metadata"]["name"].startswith("c")]) >= 200
