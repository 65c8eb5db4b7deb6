"""Looking for upgrades: registries, charts and the values of releases.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment
from fairway.wiring.charts import chart_service
from fairway.wiring.values import release_values

if TYPE_CHECKING:
    from fairway.adapters.charts.web import Patience
    from fairway.domain.repository.models import Environment, HelmRepo, Repository
    from fairway.services.charts import Notices
    from fairway.services.upgrades.checking import Upgrades
    from fairway.services.upgrades.ports import Registry
    from fairway.services.values.resolving import ReleaseValues


@asynccontextmanager
async def image_registry(
    cache_dir: Path,
    helm_repos: Sequence[HelmRepo] = (),
    *,
    progress: Callable[[str], None] = lambda text: None,
    env: Mapping[str, str] | None = None,
    patience: Patience | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Registry]:
    """All registries over HTTP, with the logins of docker and helm, and of `helm_repos` for what lies below them."""
    from fairway.adapters.charts.logins import Logins
    from fairway.adapters.charts.oci_session import OciSessions
    from fairway.adapters.charts.registry_logins import RegistryLogins, config_files
    from fairway.adapters.charts.web import Patience, Web
    from fairway.adapters.registry.dates import ImageDates
    from fairway.adapters.registry.oci import OciImages
    from fairway.adapters.registry.tag_memory import TagMemory

    env = process_environment() if env is None else env
    web = Web(progress, patience=patience or Patience())
    sessions = OciSessions(web, Logins(tuple(helm_repos), env), RegistryLogins(config_files(env), env))
    memory = TagMemory(cache_dir / "images" / "tags", clock)
    try:
        yield OciImages(sessions, ImageDates(cache_dir / "images"), memory)
    finally:
        await memory.save()
        await web.aclose()


@asynccontextmanager
async def open_upgrades(settings: Settings, repository: Repository, notices: Notices) -> AsyncIterator[Upgrades]:
    """Upgrades of a repository's releases, for one run; asks registries and chart repositories, never a cluster."""
    from fairway.domain.values.secrets import SecretRegister
    from fairway.services.upgrades.checking import Upgrades

    register = SecretRegister()

    def values(environment: Environment) -> ReleaseValues:
        return release_values(environment, register=register, offline=True)

    repos = repository.helm_repos
    async with (
        chart_service(settings, repos, notices=notices) as charts,
        image_registry(settings.cache_dir, repos, progress=notices.progress) as registry,
    ):
        yield Upgrades(registry, charts, values)
