"""A deployments repository in Git, and an agent as a process of its own that follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.agent import AgentProcess, GitShop
from tests.support.clusters import Cluster


@pytest.fixture
def shop(tmp_path: Path, cluster: Cluster, namespace: str) -> GitShop:
    """The environment `one` in a fresh namespace; the branch `main` of a bare repository beside."""
    return GitShop.create(tmp_path, cluster.kubeconfig, [namespace])


@pytest.fixture
def agent_of(shop: GitShop, tmp_path: Path) -> Iterator[Callable[..., AgentProcess]]:
    """Starts agents; all of them are ended with the test."""
    started: list[AgentProcess] = []

    def start(*arguments: str, **more: str) -> AgentProcess:
        one = AgentProcess.start(shop, tmp_path / f"agent-{len(started)}.log", arguments, more)
        started.append(one)
        return one

    yield start
    for one in started:
        one.kill()
