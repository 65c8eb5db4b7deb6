"""The only module that knows services and concrete adapters; imports are inside the functions, `--help` stays fast."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment

if TYPE_CHECKING:
    from datetime import datetime

    from fairway.adapters.charts.cache import FileCache
    from fairway.adapters.charts.web import Patience, Web
    from fairway.adapters.devcluster import DevClusters, Progress
    from fairway.domain.repository.models import ChartKind, Environment, HelmRepo, Release, Repository
    from fairway.domain.values.secrets import SecretRegister
    from fairway.services.charts import Charts, Notices
    from fairway.services.charts.ports import ChartFetcher
    from fairway.services.contexts import ClusterAccess
    from fairway.services.initialising import Kubeconfigs, Programs
    from fairway.services.recording.maintenance import LedgerReport
    from fairway.services.recording.ports import Ledger, Spool
    from fairway.services.recording.recorder import Recorder
    from fairway.services.values.ports import Decryptor, SecretReader
    from fairway.services.values.resolving import ReleaseValues


def chart_service(
    settings: Settings,
    helm_repos: Sequence[HelmRepo] = (),
    *,
    notices: Notices | None = None,
    env: Mapping[str, str] | None = None,
    offline: bool = False,
    patience: Patience | None = None,
) -> Charts:
    """Charts from every kind of place, cached under `settings.chart_cache`. Use it `async with`, once per run."""
    from fairway.adapters.charts.cache import FileCache
    from fairway.adapters.charts.folders import DiskFolders
    from fairway.adapters.charts.web import Patience, Web
    from fairway.services.charts import Charts, CollectedNotices

    notices = notices or CollectedNotices()
    cache = FileCache(settings.chart_cache, notices.progress)
    web = Web(notices.progress, patience=patience or Patience(), offline=offline)
    env = process_environment() if env is None else env
    return Charts(
        chart_fetchers(web, cache, helm_repos, env, offline=offline),
        DiskFolders(),
        cache,
        repositories={repo.name: repo.url for repo in helm_repos},
        notices=notices,
        close=web.aclose,
    )


def chart_fetchers(
    web: Web,
    cache: FileCache,
    helm_repos: Sequence[HelmRepo],
    env: Mapping[str, str],
    *,
    offline: bool,
) -> dict[ChartKind, ChartFetcher]:
    """One fetcher for each kind of place; folders need none."""
    from fairway.adapters.charts.archive_url import ArchiveUrl
    from fairway.adapters.charts.git import GitRepository
    from fairway.adapters.charts.logins import Logins
    from fairway.adapters.charts.oci import OciRegistry
    from fairway.adapters.charts.oci_session import OciSessions
    from fairway.adapters.charts.registry_logins import RegistryLogins, config_files
    from fairway.adapters.charts.repository import HttpRepository
    from fairway.adapters.charts.s3 import S3Bucket
    from fairway.adapters.charts.web_cache import WebCache
    from fairway.domain.repository.models import ChartKind

    logins = Logins(tuple(helm_repos), env)
    web_cache = WebCache(cache.root, web)
    return {
        ChartKind.REPOSITORY: HttpRepository(web, web_cache, logins),
        ChartKind.OCI: OciRegistry(OciSessions(web, logins, RegistryLogins(config_files(env), env))),
        ChartKind.HTTP: ArchiveUrl(web_cache, logins),
        ChartKind.S3: S3Bucket(env, offline=offline),
        ChartKind.GIT: GitRepository(cache, env, offline=offline),
    }


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


def dev_clusters(settings: Settings, progress: Progress) -> DevClusters:
    """The development clusters of this user; their methods block."""
    from fairway.adapters.devcluster import DevClusters

    return DevClusters(cache_dir=settings.cache_dir, data_dir=settings.data_dir, progress=progress)


def recorder(settings: Settings, warn: Callable[[str], None]) -> Recorder:
    """Remembers the changes of this process; use it `async with`, around the run. Imports no database driver."""
    import secrets

    from fairway.adapters.spool.memory import MemorySpool
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url
    from fairway.services.recording.recorder import Recorder

    shared = read_ledger_url(settings.ledger_url).kind is LedgerKind.POSTGRESQL
    return Recorder(
        ledger_spool(settings),
        lambda: ledger_itself(settings),
        now=_now,
        random=secrets.randbits,
        warn=warn,
        spare=MemorySpool(),
        every=1.0 if shared else None,
    )


async def ledger(settings: Settings, warn: Callable[[str], None]) -> Ledger:
    """The ledger, for questions: what waits in this machine's spool is in it when this returns."""
    from fairway.services.recording.replaying import replay

    opened = await ledger_itself(settings)
    try:
        done = await replay(ledger_spool(settings), opened, now=_now)
    except BaseException:
        await opened.close()
        raise
    if done.unreadable:
        warn(f"{done.unreadable} unreadable lines in the ledger's spool were set aside: fairway ledger status")
    return opened


async def ledger_itself(settings: Settings) -> Ledger:
    """The ledger without a look at the spool. Raises `Transient`, `UserError` or `Refused`."""
    import asyncio

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.memory.ledger import MemoryLedger

        return MemoryLedger()

    def connect() -> Ledger:
        from fairway.adapters.sql.ledger import open_ledger

        return open_ledger(url)

    return await asyncio.to_thread(connect)


def ledger_spool(settings: Settings) -> Spool:
    """Where records wait for the ledger of these settings."""
    from fairway.adapters.spool.files import FileSpool
    from fairway.adapters.spool.memory import MemorySpool
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        return MemorySpool()
    return FileSpool(settings.data_dir / "spool" / url.spool_name)


def migrate_ledger(settings: Settings) -> tuple[str, str]:
    """Bring the ledger's schema up to date; the schema before (empty for a new one) and after. Blocks."""
    from fairway.adapters.sql.maintenance import migrate_at
    from fairway.adapters.sql.urls import read_ledger_url

    return migrate_at(read_ledger_url(settings.ledger_url))


def ledger_report(settings: Settings) -> LedgerReport:
    """How the ledger and its spool are doing. Blocks; an unreachable ledger is part of the answer."""
    from fairway.adapters.spool.files import FileSpool
    from fairway.adapters.sql.maintenance import inspect_at
    from fairway.adapters.sql.urls import read_ledger_url
    from fairway.services.recording.maintenance import LedgerReport

    url = read_ledger_url(settings.ledger_url)
    spool = FileSpool(settings.data_dir / "spool" / url.spool_name)
    return LedgerReport(
        database=inspect_at(url),
        spool=spool.folder,
        waiting_bytes=spool.size(),
        waiting_files=spool.count(),
        set_aside=tuple(spool.set_aside()),
    )


def cluster_access(settings: Settings, repository: Repository, environment: Environment) -> ClusterAccess:
    """How to connect to an environment's cluster. Raises UserError when nothing here reaches it."""
    from pathlib import Path

    from fairway.adapters.devcluster import DEFAULT_NAME
    from fairway.adapters.kube.contexts import KubeconfigFiles
    from fairway.services.contexts import resolve_context

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


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
