"""`fairway render`: the objects that releases render to, as they would be applied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.opening import Place, place_of
from fairway.entrypoints.cli.options import (
    cluster_option,
    environment_argument,
    environments_file_option,
    releases_option,
)
from fairway.entrypoints.cli.running import engine_option, run_async
from fairway.settings import Settings, load_settings


@click.command()
@environment_argument
@cluster_option
@releases_option
@environments_file_option
@click.option("--kube-version", metavar="VERSION", help="Render for this version, without asking a cluster.")
@click.option("--show-secrets", is_flag=True, help="Print the values of Secrets instead of masking them.")
@engine_option
def render(
    environment: str | None,
    cluster: str | None,
    releases: tuple[str, ...],
    environments_file: Path,
    kube_version: str | None,
    show_secrets: bool,
    engine: str,
) -> int:
    """Print the manifests of ENV's releases, hooks included, patches applied; nothing is changed.

    Charts see the version and the APIs of the environment's cluster, unless --kube-version is given.

    \b
    Examples:
      fairway render prod -r web
      fairway render prod --kube-version 1.34
    """
    place = place_of(environments_file, environment, cluster)
    work = _render(load_settings(), place, releases, kube_version, show_secrets, engine)
    return run_async(work)


async def _render(
    settings: Settings, place: Place, only: Sequence[str], kube_version: str | None, show_secrets: bool, engine: str
) -> int:
    from fairway import wiring
    from fairway.services.choosing import choose_releases
    from fairway.services.engine.building import build
    from fairway.services.engine.showing import manifest_for_people

    async with wiring.chart_service(settings, place.repository.helm_repos, notices=ChartNotices()) as charts:
        for environment in place.environments:
            async with wiring.open_rendering(
                settings, place.repository, environment, charts, engine=engine, kube_version=kube_version
            ) as opened:
                for release in choose_releases(environment, only):
                    inputs = await opened.gather(release, opened.resources.capabilities())
                    content = await build(inputs, opened.renderer, opened.resources, revision=1, is_upgrade=False)
                    secrets = None if show_secrets else opened.secrets
                    click.echo(await manifest_for_people(content, opened.renderer, secrets), nl=False)
    return 0
