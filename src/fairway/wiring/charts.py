"""Charts from every kind of place.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment

if TYPE_CHECKING:
    from fairway.adapters.charts.cache import FileCache
    from fairway.adapters.charts.login_sources import LoginSource
    from fairway.adapters.charts.web import Patience, Web
    from fairway.domain.repository.models import ChartKind, HelmRepo
    from fairway.services.charts import Charts, Notices
    from fairway.services.charts.ports import ChartFetcher


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
    from fairway.adapters.charts.repository import HttpRepository
    from fairway.adapters.charts.s3 import S3Bucket
    from fairway.adapters.charts.web_cache import WebCache
    from fairway.domain.repository.models import ChartKind

    logins = Logins(tuple(helm_repos), env)
    web_cache = WebCache(cache.root, web)
    return {
        ChartKind.REPOSITORY: HttpRepository(web, web_cache, logins),
        ChartKind.OCI: OciRegistry(OciSessions(web, logins, registry_logins(env))),
        ChartKind.HTTP: ArchiveUrl(web_cache, logins),
        ChartKind.S3: S3Bucket(env, offline=offline),
        ChartKind.GIT: GitRepository(cache, env, offline=offline),
    }


def registry_logins(env: Mapping[str, str], *first: LoginSource) -> LoginSource:
    """Logins of registries: those of `first`, of docker and helm, and of the cloud."""
    from fairway.adapters.charts.login_sources import FirstLogin
    from fairway.adapters.charts.registry_logins import RegistryLogins, config_files
    from fairway.adapters.registry.ecr import EcrLogins
    from fairway.adapters.registry.google import GoogleLogins

    return FirstLogin(*first, RegistryLogins(config_files(env), env), EcrLogins(env), GoogleLogins())
