"""`fairway values`: the final values of a release, and which file and line set each of them."""

from __future__ import annotations

import asyncio
from pathlib import Path as FilePath

import click

from fairway.domain.errors import UserError
from fairway.domain.repository.findings import suggestion
from fairway.domain.repository.models import Environment, Release
from fairway.domain.values.explaining import Explanation
from fairway.domain.values.paths import Path, format_path, parse_key
from fairway.domain.values.secrets import mask
from fairway.entrypoints.cli import values_views as views
from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.opening import Place, environment_and_release, place_of
from fairway.entrypoints.cli.options import environment_argument, environments_file_option
from fairway.entrypoints.cli.output import emit, output_option
from fairway.settings import load_settings

EVERYTHING = "*"


@click.command()
@environment_argument
@click.argument("release", required=False)
@click.option(
    "--explain", "key", is_flag=False, flag_value=EVERYTHING, metavar="[KEY]", help="Say which line set KEY, or all."
)
@click.option("--user-only", is_flag=True, help="Leave the chart's own defaults out.")
@click.option("--offline", is_flag=True, help="Ask neither the cluster nor Google; take charts from the cache.")
@click.option("--show-secrets", is_flag=True, help="Print secret values instead of ••••••.")
@output_option("yaml", "json", "table")
@environments_file_option
def values(
    environment: str | None,
    release: str | None,
    key: str | None,
    user_only: bool,
    offline: bool,
    show_secrets: bool,
    output: str,
    environments_file: FilePath,
) -> None:
    """Print the values that the chart of RELEASE is rendered with in ENV.

    All layers are merged as Helm does, the chart's and its sub-charts' defaults included. Secret values are masked.
    ENV can be left out where `fairway use` set one.

    \b
    Examples:
      fairway values prod web                             final values
      fairway values prod web --explain ingress.host      which line set it, and what it covered
      fairway values prod web --explain -o json           the same of every key, for programs
      fairway values prod web --user-only                 only what the deployments repository says
    """
    environment, release = environment_and_release(environment, release)
    place = place_of(environments_file, environment)
    explanation = asyncio.run(_explain(place, _release(place.one, release), offline=offline))
    hide = views.hiding(explanation, show_secrets=show_secrets)
    if key is not None:
        path = () if key == EVERYTHING else parse_key(key)
        _check_known(explanation, path, release)
        if _given("output") and output != "table":
            emit(views.explanation_data(explanation, path, hide), output)
        else:
            views.show_explanation(explanation, path, hide)
        return
    shown = explanation.user if user_only else explanation.values
    if not show_secrets:
        shown = views.secrets_of(explanation).mask_tree(mask(shown, explanation.secret_paths))
    data = views.in_order(shown)
    root = explanation.user_root if user_only else explanation.root
    emit(data, output, (lambda: views.values_table(root, hide)) if output == "table" else None)


def _given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is not click.core.ParameterSource.DEFAULT


async def _explain(place: Place, release: Release, *, offline: bool) -> Explanation:
    from fairway.wiring import chart_service, open_values

    if release.chart is None:
        raise UserError(
            f'release "{release.name}" is made of resource files, which take no values', where=release.position
        )
    settings, repository = load_settings(), place.repository
    async with (
        chart_service(settings, repository.helm_repos, notices=ChartNotices(), offline=offline) as charts,
        open_values(settings, repository, place.one, release, offline=offline) as values,
    ):
        return await values.explain(release, await charts.fetch(release.chart))


def _release(environment: Environment, name: str) -> Release:
    from fairway.services.choosing import choose_releases

    return choose_releases(environment, [name])[0]


def _check_known(explanation: Explanation, path: Path, release: str) -> None:
    if explanation.root.at(path) is not None or any(key[: len(path)] == path for key in explanation.removed):
        return
    known = {format_path(key[:i]) for key in explanation.provenance for i in range(1, len(key) + 1)}
    text = format_path(path)
    raise UserError(
        f'no value "{text}" in release "{release}"{suggestion(text, known)}', fix="without KEY, all are explained"
    )
