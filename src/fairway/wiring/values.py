"""The values of releases, with everything that their sources ask.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment
from fairway.wiring.clusters import cluster_access

if TYPE_CHECKING:
    from fairway.domain.repository.models import Environment, Release, Repository
    from fairway.domain.values.secrets import SecretRegister
    from fairway.services.values.ports import Decryptor, SecretReader
    from fairway.services.values.resolving import ReleaseValues


def release_values(
    environment: Environment,
    *,
    register: SecretRegister,
    objects: SecretReader | None = None,
    env: Mapping[str, str] | None = None,
    offline: bool = False,
    decryptor: Decryptor | None = None,
) -> ReleaseValues:
    """The values of an environment's releases, for one run. `objects` reads the environment's cluster.

    `decryptor` None is the `sops` program.
    """
    from fairway.adapters.charts.folders import DiskFolders
    from fairway.adapters.gcp.addresses import ENDPOINT, GoogleAddresses
    from fairway.adapters.sops.program import SopsProgram
    from fairway.services.values.chart_files import ChartFiles
    from fairway.services.values.reading import ValueFiles
    from fairway.services.values.resolving import ReleaseValues
    from fairway.services.values.sources import SourcePorts

    env = process_environment() if env is None else env
    files = ValueFiles(decryptor or SopsProgram())
    addresses = GoogleAddresses(env.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE") or ENDPOINT)
    ports = SourcePorts(env, objects, addresses, offline)
    return ReleaseValues(
        environment, ports=ports, files=files, charts=ChartFiles(DiskFolders(), files), register=register
    )


@asynccontextmanager
async def open_values(
    settings: Settings, repository: Repository, environment: Environment, release: Release, *, offline: bool = False
) -> AsyncIterator[ReleaseValues]:
    """The values of one release, without the engine: connects only when a `valueFrom` asks the cluster."""
    from fairway.adapters.kube import open_cluster
    from fairway.domain.values.outputs import asks_cluster
    from fairway.domain.values.secrets import SecretRegister

    register = SecretRegister()
    if offline or not asks_cluster(release, environment.default_values):
        yield release_values(environment, register=register, offline=offline)
        return
    access = cluster_access(settings, repository, environment)
    async with open_cluster(access.kubeconfig, access.context, in_cluster=access.in_cluster) as kube:
        yield release_values(environment, register=register, objects=kube)
