"""From a cluster's provider to the kubeconfig and context that reach it.

The rule not to break: nothing is changed here and no program is run; what is missing is named with the command that
makes it. Names of contexts are those that each cloud's own program writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairway.domain.errors import UserError
from fairway.domain.repository.findings import suggestion
from fairway.domain.repository.models import Cluster, Repository

ContextNames = Callable[[str | None], Sequence[str]]
"""Names of the contexts of a kubeconfig; None is the usual one (KUBECONFIG, else ~/.kube/config)."""
DevclusterKubeconfig = Callable[[str | None], Path]
"""The kubeconfig of a cluster of `fairway cluster up` (None: the default one); UserError when there is none."""


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """How to connect. `kubeconfig` None means the usual one; `context` None means its current one."""

    kubeconfig: str | None = None
    context: str | None = None
    in_cluster: bool = False
    default_namespace: str | None = None


def resolve_context(
    cluster: Cluster,
    repository: Repository,
    *,
    context_names: ContextNames,
    devcluster_kubeconfig: DevclusterKubeconfig,
    environment: str | None = None,
) -> ClusterAccess:
    """The access to a cluster.

    A context `env:ENVIRONMENT`, as `fairway init` writes it, is taken when the provider's own context is not there
    (GitLab CI gives one nameless context for each environment). Raises UserError when there is neither.
    """
    settings = cluster.provider.settings
    kind = cluster.provider.kind
    if kind == "inCluster":
        return ClusterAccess(in_cluster=True)
    if kind == "kubeconfig":
        return ClusterAccess(_expanded(str(settings["path"])), settings.get("context"))
    if kind == "devcluster":
        return ClusterAccess(str(devcluster_kubeconfig(settings.get("name"))))
    kubeconfig = _expanded(repository.kube_config) if repository.kube_config else None
    known = context_names(kubeconfig)
    context = context_of(cluster, known)
    if context is None and environment is not None and environment_context(environment) in known:
        context = environment_context(environment)
    if context is None:
        raise _missing(cluster, known)
    return ClusterAccess(kubeconfig, context)


def environment_context(environment: str) -> str:
    """The name of the context that `fairway init` writes for an environment."""
    return f"env:{environment}"


def context_of(cluster: Cluster, known: Sequence[str]) -> str | None:
    """The context of a provider among the known ones, by the names that clouds' programs give; None without one."""
    return next((name for name in known if any(re.fullmatch(one, name) for one in _patterns(cluster))), None)


def _patterns(cluster: Cluster) -> list[str]:
    settings = {key: re.escape(str(value)) for key, value in cluster.provider.settings.items()}
    match cluster.provider.kind:
        case "gke":
            location = settings.get("zone") or settings.get("region")
            return [f"gke_{settings['project']}_{location}_{settings['clusterName']}"]
        case "aks":
            return [settings["clusterName"]]
        case "eks":
            return [rf"arn:aws[-a-z]*:eks:{settings['region']}:[0-9]*:cluster/{settings['clusterName']}"]
        case "existingContext":
            return [settings["contextName"]]
        case "dockerForDesktop":
            return ["docker-desktop", "docker-for-desktop"]
        case kind:
            return [kind]


def _missing(cluster: Cluster, known: Sequence[str]) -> UserError:
    settings = cluster.provider.settings
    name = settings.get("contextName") or settings.get("clusterName") or cluster.provider.kind
    message = f'cluster "{cluster.name}": the kubeconfig has no context for {cluster.provider.kind} {name}'
    if cluster.provider.kind in ("gke", "aks", "eks"):
        fix = f"write it with fairway init --cluster {cluster.name}"
    elif cluster.provider.kind == "minikube":
        fix = "start it with minikube start"
    elif cluster.provider.kind == "dockerForDesktop":
        fix = "switch on Kubernetes in Docker Desktop"
    else:
        fix = f"name a context that exists{suggestion(str(name), known)}"
    return UserError(message, where=cluster.position, fix=fix)


def _expanded(path: str) -> str:
    return str(Path(path).expanduser())
