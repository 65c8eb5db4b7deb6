"""Clusters, environments, and the whole repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.repository.models.charts import HelmRepo
from fairway.domain.repository.models.policies import Owner, Policy
from fairway.domain.repository.models.releases import Release
from fairway.domain.repository.models.values import ChartValue


@dataclass(frozen=True, slots=True)
class Provider:
    """How to reach a cluster; `kind` is the key under `provider:` (gke, existingContext, devcluster, …)."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Keys as written, e.g. `{"project": …, "clusterName": …, "zone": …}`."""


@dataclass(frozen=True, slots=True)
class Cluster:
    name: str
    provider: Provider
    position: Position
    parameters: Mapping[str, str] = field(default_factory=dict)
    implicit: bool = False
    """True in the old dialect, where a cluster is made for each distinct provider."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A namespace in a cluster, with its releases (in declared order), default values and policy.

    `releases` includes one release `resources-<stem>` per release file that has top-level `resourceFiles`.
    """

    name: str
    cluster: Cluster
    namespace: str
    position: Position
    releases: tuple[Release, ...] = ()
    default_values_file: str | None = None
    default_values: tuple[ChartValue, ...] = ()
    policy: Policy = field(default_factory=Policy)
    protected: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: Owner = field(default_factory=Owner)

    def release(self, name: str) -> Release | None:
        return next((r for r in self.releases if r.name == name), None)

    def owner_of(self, name: str) -> Owner:
        """Who answers for a release: its own owner; for what is not declared, the environment's."""
        declared = self.release(name)
        return declared.owner if declared is not None else self.owner


@dataclass(frozen=True, slots=True)
class Repository:
    """One `environments.yaml` and everything that it names."""

    root: str
    """Absolute path of the folder that holds environments.yaml."""
    environments_file: str
    environments: tuple[Environment, ...]
    clusters: tuple[Cluster, ...]
    helm_repos: tuple[HelmRepo, ...] = ()
    kube_config: str | None = None
    files: tuple[str, ...] = ()
    """Every file that was read, absolute, in reading order."""

    def environment(self, name: str) -> Environment | None:
        return next((e for e in self.environments if e.name == name), None)
