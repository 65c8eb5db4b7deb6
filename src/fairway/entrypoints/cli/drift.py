"""`fairway drift`: what was changed in the cluster behind Git's back, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.entrypoints.cli.opening import Place, opened_environment, place_of
from fairway.entrypoints.cli.options import (
    cluster_option,
    environment_argument,
    environments_file_option,
    releases_option,
)
from fairway.entrypoints.cli.output import output_option
from fairway.entrypoints.cli.running import run_async
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.domain.releases.plan import EnvironmentPlan


@click.command()
@environment_argument
@cluster_option
@releases_option
@environments_file_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is drift.")
@output_option("text", "markdown", "json")
def drift(
    environment: str | None,
    cluster: str | None,
    releases: tuple[str, ...],
    environments_file: Path,
    exit_code: bool,
    output: str,
) -> int:
    """Show which objects of ENV are no longer as they were applied, and who changed them.

    Fields that others rightly manage (an autoscaler's replicas, injected sidecars, what the policy ignores) are no
    drift. An apply corrects drift unless the release's policy says otherwise.

    \b
    Examples:
      fairway drift prod
      fairway drift prod -r web --exit-code
    """
    place = place_of(environments_file, environment, cluster)
    return run_async(_drift(load_settings(), place, releases, exit_code, output))


async def _drift(settings: Settings, place: Place, only: Sequence[str], exit_code: bool, output: str) -> int:
    from fairway.entrypoints.cli.plan import show_plans
    from fairway.services.engine.drifting import find_drift

    plans: list[EnvironmentPlan] = []
    for environment in place.environments:
        async with opened_environment(settings, place, environment) as opened:
            plans.append(await find_drift(opened, only=only))
    show_plans(plans, output, settings)
    found = any(release.changes for plan in plans for release in plan.releases)
    return 1 if found and exit_code else 0
