"""An API server that dies and comes back in the middle of a wait: nobody notices but the clock."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.tools import unavailable

from fairway.adapters.devcluster import ClusterInfo, DevClusters
from fairway.adapters.kube import open_cluster
from fairway.domain.errors import FairwayError
from fairway.domain.manifests.objects import Object, ref_of
from fairway.services.waiting import open_waiter
from fairway.settings import load_settings

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("devcluster")]


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[tuple[DevClusters, ClusterInfo]]:
    """A cluster of this test's own, since one of its parts is killed."""
    clusters = DevClusters(cache_dir=load_settings().cache_dir, data_dir=tmp_path)
    try:
        info = clusters.up("mortal")
    except FairwayError as error:
        unavailable(f"no control plane: {error.message}; {error.fix}")
    yield clusters, info
    clusters.down("mortal")


def kill_api_server(clusters: DevClusters) -> None:
    (pid,) = (part.pid for part in clusters.status("mortal").parts if part.name == "kube-apiserver")
    assert pid
    os.kill(pid, signal.SIGKILL)


def deployment() -> Object:
    labels = {"app": "web"}
    annotations = {"devcluster.fairway.dev/ready-after": "8s"}
    template = {
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"containers": [{"name": "app", "image": "shop/web:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }


async def test_waits_watches_and_requests_survive_the_death_of_the_api_server(
    mortal: tuple[DevClusters, ClusterInfo],
) -> None:
    clusters, info = mortal
    said: list[str] = []
    async with open_cluster(str(info.kubeconfig), info.context) as kube, open_waiter(kube) as waiter:
        resource = (await kube.discover()).by_ref["v1", "ConfigMap"]
        async with asyncio.timeout(30):
            # The namespace's own account comes a moment after the cluster is ready.
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
            while await kube.get(ref_of(account, namespace="default")) is None:
                await asyncio.sleep(0.1)
        stored = await kube.apply(deployment(), ref_of(deployment()))
        waiting = asyncio.ensure_future(
            waiter.until_healthy([(ref_of(stored), stored)], timeout=timedelta(seconds=90), on_progress=said.append)
        )
        async with aclosing(kube.watch(resource, "default", field_selector="metadata.name=after")) as events:  # type: ignore[type-var]
            seen = asyncio.ensure_future(anext(events))
            while not said:
                await asyncio.sleep(0.1)
            kill_api_server(clusters)
            config: Object = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "after", "namespace": "default"},
            }
            # Sent into the outage: an apply may be repeated, so it is, until the server is back.
            await kube.apply(config, ref_of(config))
            async with asyncio.timeout(60):
                assert (await seen).object["metadata"]["name"] == "after"
                await waiting
        live = await kube.get(ref_of(stored))
    assert live is not None
    assert live["status"]["readyReplicas"] == 2
    assert kube.requests["watch"] > 4
