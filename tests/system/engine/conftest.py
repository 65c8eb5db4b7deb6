"""The engine on a real control plane, one namespace for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.support.charts import write_chart
from tests.support.clusters import Cluster
from tests.support.engine import World, cluster_world
from tests.support.helm import Helm


@pytest.fixture
async def world(cluster: Cluster, namespace: str) -> AsyncIterator[World]:
    async with cluster_world(cluster.kubeconfig, namespace) as world:
        yield world


@pytest.fixture
def helm_here(cluster: Cluster, namespace: str, helm: Path, tmp_path: Path) -> Helm:
    return Helm(helm, cluster.kubeconfig, namespace, tmp_path)


@pytest.fixture
def chart_of(tmp_path: Path) -> Callable[..., Path]:
    """Makes a chart of templates by name; `crds__x` is a file below crds/."""

    def make(name: str = "web", version: str = "1.0.0", **templates: str) -> Path:
        files = {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n"}
        for key, text in templates.items():
            folder, _, file = key.rpartition("__")
            files[f"{folder or 'templates'}/{file}.yaml"] = text
        return write_chart(tmp_path / f"{name}-{version}", files)

    return make
