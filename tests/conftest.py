"""Fixtures for tests that need real parts: a control plane, helm, an OCI registry, PostgreSQL.

What is missing on a developer's machine skips the tests that need it, with a line that says how to get it; when the
variable CI is set it fails them.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from tests.support import clusters, postgresql, tools
from tests.support.clusters import Cluster
from tests.support.kafka import Broker, kafka_broker, kafka_jars
from tests.support.registry import OciRegistry
from tests.support.registry import oci_registry as run_registry

from fairway.domain.errors import FairwayError
from fairway.entrypoints.logs import LineHandler

# No deadlines: how long an example takes says more about the machine's other work than about the code.
settings.register_profile("house", deadline=None, max_examples=100)
settings.register_profile("fast", deadline=None, max_examples=15)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """What a command of one test says about logs does not count in the next."""
    root, ours = logging.getLogger(), logging.getLogger("fairway")
    before = root.level, ours.level, list(root.handlers)
    yield
    root.setLevel(before[0])
    ours.setLevel(before[1])
    for handler in [one for one in root.handlers if isinstance(one, LineHandler) and one not in before[2]]:
        root.removeHandler(handler)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        clusters.run_name()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        clusters.remove_run_cluster()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build what the collected tests will need now: no test's time-out should hold minutes of compiling."""
    used = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    with suppress(FairwayError):
        if {"cluster", "clusters"} & used and "FAIRWAY_TEST_KUBECONFIG" not in os.environ:
            clusters.dev_clusters().build()
        if "helm" in used:
            tools.helm_binary()
        if "oci_registry" in used:
            tools.registry_binary()
        if "kafka" in used:
            kafka_jars()
        if "sops" in used:
            tools.sops_binary()
        if "minio" in used:
            tools.minio_binary()


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """A ready control plane: that of FAIRWAY_TEST_KUBECONFIG, else one of this run's own, shared by its workers."""
    if path := os.environ.get("FAIRWAY_TEST_KUBECONFIG"):
        return clusters.given(Path(path))
    try:
        return clusters.start()
    except FairwayError as error:
        tools.unavailable(f"no control plane: {error.message}; {error.fix}")


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A fresh namespace for one test; it is deleted afterwards without waiting."""
    name = f"t-{uuid.uuid4().hex[:10]}"
    cluster.client.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    # Without it the first pods are refused and come back only after a back-off.
    cluster.client.wait(f"/api/v1/namespaces/{name}/serviceaccounts/default", lambda account: True)
    yield name
    cluster.client.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="session")
def helm() -> Path:
    """The real helm binary."""
    return tools.need(tools.HELM, tools.helm_binary())


@pytest.fixture(scope="session")
def oci_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OciRegistry]:
    """A real, empty OCI registry on loopback, for this session."""
    program = tools.need(tools.REGISTRY, tools.registry_binary())
    with run_registry(program, tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture(scope="session")
def sops() -> Path:
    """The real sops."""
    return tools.need(tools.SOPS, tools.sops_binary())


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real Kafka broker for this session; who restarts it has one of his own."""
    with kafka_broker(tmp_path_factory.mktemp("kafka") / "broker") as broker:
        yield broker


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """A real PostgreSQL for this session."""
    with postgresql.postgresql() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: postgresql.Server) -> Iterator[str]:
    """A fresh, empty database on a real server."""
    with postgresql.database(postgresql_server.url()) as url:
        yield url
