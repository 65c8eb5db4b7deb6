"""Development clusters, and the way to any cluster.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment

if TYPE_CHECKING:
    from fairway.adapters.devcluster import DevClusters, Progress
    from fairway.domain.repository.models import Environment, Repository
    from fairway.services.contexts import ClusterAccess
    from fairway.services.importing.helmfile_state import Programs as Printing
    from fairway.services.initialising import Kubeconfigs, Programs


def dev_clusters(settings: Settings, progress: Progress) -> DevClusters:
    """The development clusters of this user; their methods block."""
    from fairway.adapters.devcluster import DevClusters

    return DevClusters(cache_dir=settings.cache_dir, data_dir=settings.data_dir, progress=progress)


def cluster_access(settings: Settings, repository: Repository, environment: Environment) -> ClusterAccess:
    """How to connect to an environment's cluster. Raises UserError when nothing here reaches it."""
    from pathlib import Path

    from fairway.adapters.devcluster import DEFAULT_NAME
    from fairway.adapters.kube.contexts import KubeconfigFiles
    from fairway.services.contexts import ClusterAccess, resolve_context

    if settings.in_cluster and settings.in_cluster == environment.cluster.name:
        # The provider says how everybody else gets there.
        return ClusterAccess(in_cluster=True)
    variables = process_environment()

    def devcluster_kubeconfig(name: str | None) -> Path:
        wanted = name or variables.get("FAIRWAY_CLUSTER") or DEFAULT_NAME
        return dev_clusters(settings, lambda text: None).kubeconfig_path(wanted)

    return resolve_context(
        environment.cluster,
        repository,
        context_names=KubeconfigFiles(variables).names,
        devcluster_kubeconfig=devcluster_kubeconfig,
        environment=environment.name,
    )


def init_ports() -> tuple[Kubeconfigs, Programs, Mapping[str, str]]:
    """What `fairway init` writes to, runs, and reads its variables from."""
    from fairway.adapters.kube.contexts import KubeconfigFiles
    from fairway.adapters.programs import SystemPrograms

    variables = process_environment()
    return KubeconfigFiles(variables), SystemPrograms(variables), variables


def import_ports() -> tuple[Kubeconfigs, Printing]:
    """What `fairway import helmfile` looks at beside the helmfile."""
    from fairway.adapters.kube.contexts import KubeconfigFiles
    from fairway.adapters.programs import SystemPrograms

    variables = process_environment()
    return KubeconfigFiles(variables), SystemPrograms(variables)
