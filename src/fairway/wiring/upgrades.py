"""Registries of images, for upgrades.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.settings import process_environment

if TYPE_CHECKING:
    from fairway.adapters.charts.web import Patience
    from fairway.domain.repository.models import HelmRepo
    from fairway.services.upgrades.ports import Registry


@asynccontextmanager
async def image_registry(
    cache_dir: Path,
    helm_repos: Sequence[HelmRepo] = (),
    *,
    progress: Callable[[str], None] = lambda text: None,
    env: Mapping[str, str] | None = None,
    patience: Patience | None = None,
) -> AsyncIterator[Registry]:
    """All registries over HTTP, with the logins of docker and helm, and of `helm_repos` for what lies below them."""
    from fairway.adapters.charts.logins import Logins
    from fairway.adapters.charts.oci_session import OciSessions
    from fairway.adapters.charts.registry_logins import RegistryLogins, config_files
    from fairway.adapters.charts.web import Patience, Web
    from fairway.adapters.registry.dates import ImageDates
    from fairway.adapters.registry.oci import OciImages

    env = process_environment() if env is None else env
    web = Web(progress, patience=patience or Patience())
    sessions = OciSessions(web, Logins(tuple(helm_repos), env), RegistryLogins(config_files(env), env))
    try:
        yield OciImages(sessions, ImageDates(cache_dir / "images"))
    finally:
        await web.aclose()
