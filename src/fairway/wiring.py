"""The only module that knows services and concrete adapters; imports are inside the functions, `--help` stays fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment

if TYPE_CHECKING:
    from fairway.adapters.devcluster import DevClusters, Progress
    from fairway.domain.repository.models import HelmRepo
    from fairway.services.charts import Charts, Notices


def chart_service(
    settings: Settings,
    helm_repos: Sequence[HelmRepo] = (),
    *,
    notices: Notices | None = None,
    env: Mapping[str, str] | None = None,
    offline: bool = False,
) -> Charts:
    """Charts from every kind of place, cached under `settings.chart_cache`. Use it `async with`, once per run."""
    from fairway.adapters.charts.cache import FileCache
    from fairway.adapters.charts.folders import DiskFolders
    from fairway.services.charts import Charts, CollectedNotices

    env = process_environment() if env is None else env
    notices = notices or CollectedNotices()
    return Charts(
        {},
        DiskFolders(),
        FileCache(settings.chart_cache, notices.progress),
        repositories={repo.name: repo.url for repo in helm_repos},
        notices=notices,
    )


def dev_clusters(settings: Settings, progress: Progress) -> DevClusters:
    """The development clusters of this user; their methods block."""
    from fairway.adapters.devcluster import DevClusters

    return DevClusters(cache_dir=settings.cache_dir, data_dir=settings.data_dir, progress=progress)
