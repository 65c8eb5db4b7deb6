"""Each test of this folder runs over suspensions in memory, in a cluster in memory, and in a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.memory import MemoryKube
from fairway.adapters.kube.suspensions import KubeSuspensions
from fairway.adapters.memory.suspensions import MemorySuspensions
from fairway.services.suspending.ports import Suspensions

Opened = Callable[[], Suspensions]
"""Another person's view of the same suspensions."""


@pytest.fixture(params=["memory", "cluster in memory", pytest.param("cluster", marks=pytest.mark.cluster)])
async def another(request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    if request.param == "memory":
        kept = MemorySuspensions()
        yield lambda: kept
        return
    if request.param == "cluster in memory":
        kube = MemoryKube(namespaces=("team",))
        yield lambda: KubeSuspensions(kube, "team")
        return
    cluster, namespace = request.getfixturevalue("cluster"), request.getfixturevalue("namespace")
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(open_cluster(str(cluster.kubeconfig), cluster.context))
        yield lambda: KubeSuspensions(real, namespace)


@pytest.fixture
def suspensions(another: Opened) -> Suspensions:
    return another()
