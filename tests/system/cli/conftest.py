from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.cli import Shop
from tests.support.clusters import Cluster
from tests.support.kube import KubeError


@pytest.fixture
def shop(tmp_path: Path, cluster: Cluster, namespace: str) -> Iterator[Shop]:
    """A repository with the environments `one` and `two`; the namespace of `two` is made by the first apply."""
    folder = tmp_path / "shop"
    folder.mkdir()
    yield Shop(folder, cluster.kubeconfig, [namespace, f"{namespace}-two"])
    with suppress(KubeError):  # most tests never make it
        cluster.client.delete(f"/api/v1/namespaces/{namespace}-two")
