"""Looking for upgrades: registries, charts and the values of releases.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairway.settings import Settings, process_environment
from fairway.wiring.charts import chart_service, registry_logins
from fairway.wiring.clusters import cluster_access
from fairway.wiring.holds import read_holds
from fairway.wiring.values import release_values

if TYPE_CHECKING:
    from fairway.adapters.charts.web import Patience
    from fairway.adapters.registry.pull_secrets import PullSecretLogins
    from fairway.domain.manifests.objects import Object, ObjectRef
    from fairway.domain.repository.models import Environment, HelmRepo, Repository
    from fairway.services.charts import Notices
    from fairway.services.upgrades.checking import Upgrades
    from fairway.services.upgrades.ports import Registry
    from fairway.services.values.resolving import ReleaseValues


@dataclass(frozen=True, slots=True)
class Registries:
    """All registries, and what takes the logins that clusters keep for them."""

    images: Registry
    pull_secrets: PullSecretLogins
    follow: Callable[[Sequence[HelmRepo]], None]
    """Takes the logins of these entries of helmRepos from now on."""
    save: Callable[[], Awaitable[None]]
    """Writes down what was seen, so that a process that is killed has not seen it in vain."""


@asynccontextmanager
async def open_registries(
    cache_dir: Path,
    helm_repos: Sequence[HelmRepo] = (),
    *,
    progress: Callable[[str], None] = lambda text: None,
    env: Mapping[str, str] | None = None,
    patience: Patience | None = None,
    clock: Callable[[], float] = time.time,
    longest: float | None = None,
) -> AsyncIterator[Registries]:
    """All registries over HTTP, for as many runs as somebody likes: tokens and what was seen are kept while it is open.

    Logins: `helm_repos` for what lies below them, then Secrets of clusters, those of docker and helm, and of the cloud.
    """
    from fairway.adapters.charts.logins import Logins
    from fairway.adapters.charts.oci_session import OciSessions
    from fairway.adapters.charts.web import Patience, Web
    from fairway.adapters.registry.asking import LONGEST_ANSWER, Asking
    from fairway.adapters.registry.facts import Facts
    from fairway.adapters.registry.listing import Listing
    from fairway.adapters.registry.oci import OciImages
    from fairway.adapters.registry.pull_secrets import PullSecretLogins
    from fairway.adapters.registry.tag_lists import TagLists
    from fairway.adapters.registry.tag_memory import TagMemory

    env = process_environment() if env is None else env
    web = Web(progress, patience=patience or Patience())
    secrets = PullSecretLogins()
    sessions = OciSessions(web, Logins(tuple(helm_repos), env), registry_logins(env, secrets))
    folder = cache_dir / "images"
    memory, lists = TagMemory(folder / "tags", clock), TagLists(folder / "lists")
    asking = Asking(sessions, longest=longest or LONGEST_ANSWER)

    async def save() -> None:
        await memory.save()
        await lists.save()

    try:
        images = OciImages(asking, Listing(asking, lists), Facts(folder), memory)
        yield Registries(images, secrets, sessions.follow, save)
    finally:
        await save()
        await web.aclose()


@asynccontextmanager
async def image_registry(
    cache_dir: Path, helm_repos: Sequence[HelmRepo] = (), **options: Any
) -> AsyncIterator[Registry]:
    """As `open_registries`, where no cluster keeps a login."""
    async with open_registries(cache_dir, helm_repos, **options) as opened:
        yield opened.images


@asynccontextmanager
async def open_upgrades(
    settings: Settings, repository: Repository, notices: Notices, *, registries: Registries | None = None
) -> AsyncIterator[Upgrades]:
    """Upgrades of a repository's releases, for one run; asks registries and chart repositories.

    A cluster is only asked for `imagePullSecrets` that somebody named. `registries` are those of a longer run.
    """
    from fairway.domain.values.secrets import SecretRegister
    from fairway.services.configuring import load_configuration
    from fairway.services.upgrades.checking import Upgrades
    from fairway.services.upgrades.pulling import ClusterPullSecrets

    register = SecretRegister()
    configured = load_configuration(Path(repository.environments_file))
    held = await read_holds(repository)

    def values(environment: Environment) -> ReleaseValues:
        return release_values(environment, register=register, offline=True)

    async def read(environment: Environment, ref: ObjectRef) -> Object | None:
        from fairway.adapters.kube import open_cluster

        access = cluster_access(settings, repository, environment)
        async with open_cluster(access.kubeconfig, access.context, in_cluster=access.in_cluster) as kube:
            return await kube.get(ref)

    repos = repository.helm_repos
    async with AsyncExitStack() as stack:
        charts = await stack.enter_async_context(chart_service(settings, repos, notices=notices))
        if registries is None:
            opening = open_registries(settings.cache_dir, repos, progress=notices.progress)
            registries = await stack.enter_async_context(opening)
        registries.follow(repos)
        always = configured.configuration.upgrades.image_pull_secrets
        secrets = ClusterPullSecrets(read, registries.pull_secrets.take, always)
        stack.push_async_callback(registries.save)
        yield Upgrades(registries.images, charts, values, held, secrets)
