"""The one control plane that a test run uses, shared by all xdist workers and removed at the end of the run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import yaml
from tests.support.kube import KubeClient

from fairway.adapters.devcluster import DevClusters
from fairway.settings import load_settings

_PREFIX = "test-"


@dataclass(frozen=True)
class Cluster:
    """A ready cluster: its kubeconfig file, the context in it, and a client for looking at it."""

    kubeconfig: Path
    context: str
    client: KubeClient


def run_name() -> str:
    """The cluster of this run. The main process chooses it; xdist workers inherit it."""
    return os.environ.setdefault("FAIRWAY_TEST_CLUSTER", f"{_PREFIX}{os.getpid()}")


def given(kubeconfig: Path) -> Cluster:
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    return Cluster(kubeconfig, document["current-context"], KubeClient.of(kubeconfig))


def start() -> Cluster:
    """Start the run's cluster, or wait for the worker that does."""
    info = dev_clusters().up(run_name())
    return given(info.kubeconfig)


def remove_run_cluster() -> None:
    """Remove the run's cluster, and those of runs that were killed before they could."""
    clusters = dev_clusters()
    clusters.down(run_name())
    for info in clusters.list():
        owner = info.name.removeprefix(_PREFIX)
        if info.name != owner and owner.isdigit() and not _runs(int(owner)):
            clusters.down(info.name)


def dev_clusters() -> DevClusters:
    settings = load_settings()
    return DevClusters(cache_dir=settings.cache_dir, data_dir=settings.data_dir)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
