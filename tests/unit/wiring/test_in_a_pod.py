"""What a process in a pod does otherwise: the cluster around it, and the repository that it has no copy of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fairway.domain.configuration.file import Configuration
from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import Cluster, Environment, Provider, Repository
from fairway.services.configuring import Configured
from fairway.services.contexts import ClusterAccess
from fairway.settings import Settings, load_settings
from fairway.wiring.clusters import cluster_access
from fairway.wiring.git import open_remote

HERE = Position("environments.yaml")
GKE = Provider("gke", {"project": "p", "zone": "z", "clusterName": "c"})


def environment(cluster: str) -> Environment:
    return Environment("prod", Cluster(cluster, GKE, HERE), "shop", HERE)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    return load_settings({"HOME": str(tmp_path), "FAIRWAY_IN_CLUSTER": "eu"})


def test_the_cluster_around_it_is_reached_whatever_its_provider(settings: Settings) -> None:
    repository = Repository("/r", "/r/environments.yaml", (), ())
    assert cluster_access(settings, repository, environment("eu")) == ClusterAccess(in_cluster=True)
    with pytest.raises(UserError, match="has no context for gke"):
        cluster_access(settings, repository, environment("us"))
    with pytest.raises(UserError, match="has no context for gke"):
        cluster_access(replace(settings, in_cluster=""), repository, environment("eu"))


@pytest.mark.parametrize(
    ("written", "inside"),
    [("environments.yaml", "environments.yaml"), ("deploy/eu/environments.yaml", "deploy/eu/environments.yaml")],
)
async def test_environments_yaml_is_where_it_was_written_when_only_the_remote_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, inside: str
) -> None:
    monkeypatch.chdir(tmp_path)
    git = {"git": {"url": "https://git.example/deployments.git"}}
    configured = Configured(Configuration.model_validate(git), Path("/etc/fairway/config"))
    for file in (Path(written), Path(written).absolute()):
        async with open_remote(configured, file, env={}) as found:
            assert found.environments_file == inside
