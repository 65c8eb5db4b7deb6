"""Each test of this folder runs over a cluster in memory and over a real control plane; leases are short."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.lease import LeaseLeadership
from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.leadership.lease import Terms

SHORT = Terms(timedelta(seconds=3), timedelta(seconds=2), timedelta(milliseconds=200))


class Candidates:
    """Those who want to lead, each as a task that can be ended or killed."""

    def __init__(self, kube: object, namespace: str) -> None:
        self.kube = kube
        self.namespace = namespace
        self.all: dict[str, LeaseLeadership] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, terms: Terms = SHORT, kube: object = None) -> LeaseLeadership:
        one = LeaseLeadership(
            kube or self.kube,  # type: ignore[arg-type]
            self.namespace,
            "agent",
            me=name,
            now=lambda: datetime.now(UTC),
            terms=terms,
        )
        self.all[name] = one
        self.tasks[name] = asyncio.create_task(one.run())
        return one

    async def end(self, name: str) -> None:
        task = self.tasks.pop(name)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def leading(self) -> list[str]:
        return [name for name, one in self.all.items() if one.leads]

    async def until(self, done: Callable[[], bool]) -> None:
        """Looks all the time that at most one leads."""
        async with asyncio.timeout(60):
            while not done():
                assert len(self.leading()) <= 1, self.leading()
                await asyncio.sleep(0.01)


@pytest.fixture(params=["memory", pytest.param("cluster", marks=pytest.mark.cluster)])
async def candidates(request: pytest.FixtureRequest) -> AsyncIterator[Candidates]:
    if request.param == "memory":
        made = Candidates(MemoryKube(namespaces=("team",)), "team")
        yield made
        for name in list(made.tasks):
            await made.end(name)
        return
    cluster, namespace = request.getfixturevalue("cluster"), request.getfixturevalue("namespace")
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        made = Candidates(kube, namespace)
        yield made
        for name in list(made.tasks):
            await made.end(name)
