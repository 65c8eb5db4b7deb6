"""Discovery in both of its forms, and with a part of the API down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from tests.unit.adapters.kube.conftest import Server

from fairway.adapters.kube.client import KubeClient
from fairway.domain.errors import Transient
from fairway.domain.kube_errors import UnknownKind
from fairway.domain.manifests.objects import Kind, ObjectRef

VERSION = {"gitVersion": "v1.36.3"}


def resource(name: str, kind: str, scope: str = "Namespaced") -> dict[str, Any]:
    return {"resource": name, "responseKind": {"kind": kind}, "scope": scope, "verbs": ["get", "list"]}


AGGREGATED: dict[str, Any] = {
    "/version": VERSION,
    "/api": {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {},
                "versions": [
                    {
                        "version": "v1",
                        "resources": [resource("pods", "Pod"), resource("namespaces", "Namespace", "Cluster")],
                    }
                ],
            }
        ],
    },
    "/apis": {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": "autoscaling"},
                "versions": [
                    {"version": "v2", "resources": [resource("hpas", "HPA")]},
                    {"version": "v1", "resources": [resource("hpas", "HPA")]},
                ],
            },
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale"}]},
        ],
    },
}

LEGACY: dict[str, Any] = {
    "/version": VERSION,
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": "autoscaling",
                "versions": [{"groupVersion": "autoscaling/v1"}, {"groupVersion": "autoscaling/v2"}],
                "preferredVersion": {"groupVersion": "autoscaling/v2"},
            },
            {"name": "metrics.k8s.io", "versions": [{"groupVersion": "metrics.k8s.io/v1beta1"}]},
        ],
    },
    "/api/v1": {
        "resources": [
            {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get", "list"]},
            {"name": "pods/log", "kind": "Pod", "namespaced": True, "verbs": ["get"]},
            {"name": "namespaces", "kind": "Namespace", "namespaced": False, "verbs": ["get", "list"]},
        ]
    },
    "/apis/autoscaling/v1": {"resources": [{"name": "hpas", "kind": "HPA", "namespaced": True, "verbs": ["get"]}]},
    "/apis/autoscaling/v2": {"resources": [{"name": "hpas", "kind": "HPA", "namespaced": True, "verbs": ["get"]}]},
}


def serving(paths: dict[str, Any], missing: int = 503) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path in paths:
            return web.json_response(paths[request.path])
        return web.json_response({}, status=missing)

    return answer


@pytest.mark.parametrize("paths", [AGGREGATED, LEGACY], ids=["aggregated", "legacy"])
async def test_both_forms_tell_the_same(server: Server, paths: dict[str, Any]) -> None:
    server.answers = [serving(paths)]
    client = KubeClient(await server.transport())
    found = await client.discover()
    assert found.kube_version == "v1.36.3"
    assert found.by_kind[Kind("autoscaling", "HPA")].api_version == "autoscaling/v2"
    assert found.by_ref["autoscaling/v1", "HPA"].plural == "hpas"
    assert not found.by_ref["v1", "Namespace"].namespaced
    assert found.by_ref["v1", "Pod"].verbs == {"get", "list"}
    assert client.missing_apis == ("metrics.k8s.io/v1beta1",)


async def test_three_requests_are_enough(server: Server) -> None:
    server.answers = [serving(AGGREGATED)]
    client = KubeClient(await server.transport())
    await client.discover()
    await client.discover()
    assert sorted(path for _, path, _, _ in server.seen) == ["/api", "/apis", "/version"]
    await client.discover(fresh=True)
    assert client.requests == {"discover": 6}


async def test_an_aggregated_api_that_is_gone_is_tolerated(server: Server) -> None:
    server.answers = [serving(LEGACY, missing=404)]
    client = KubeClient(await server.transport())
    await client.discover()
    assert client.missing_apis == ("metrics.k8s.io/v1beta1",)


async def test_a_kind_of_an_api_that_is_down_is_not_called_unknown(server: Server) -> None:
    server.answers = [serving(AGGREGATED)]
    client = KubeClient(await server.transport())
    with pytest.raises(Transient, match=r"metrics\.k8s\.io/v1beta1"):
        await client.get(ObjectRef("metrics.k8s.io/v1beta1", "PodMetrics", "shop", "web"))


@pytest.mark.parametrize(
    ("ref", "fix"),
    [
        (ObjectRef("autoscaling/v2beta2", "HPA", "shop", "web"), "it serves autoscaling/v2 HPA"),
        (ObjectRef("example.com/v1", "Pod", "shop", "web"), "it serves Pod in v1"),
        (ObjectRef("example.com/v1", "Ship", "shop", "web"), "install its CRD first"),
    ],
)
async def test_an_unknown_kind_says_what_is_served_instead(server: Server, ref: ObjectRef, fix: str) -> None:
    server.answers = [serving(AGGREGATED)]
    client = KubeClient(await server.transport())
    with pytest.raises(UnknownKind) as caught:
        await client.apply({}, ref)
    assert caught.value.fix == fix
