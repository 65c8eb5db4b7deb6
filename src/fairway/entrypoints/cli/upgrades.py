"""`fairway poll`, `observe` and `upgrades`: newer images and charts, and the edits that take them in.

The rule not to break: files change only with --patch, the remote only with --push; everything else only asks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli import upgrades_views as views
from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.opening import Place
from fairway.entrypoints.cli.options import (
    cluster_option,
    environment_argument,
    environments_file_option,
    releases_option,
)
from fairway.entrypoints.cli.output import emit, output_option, screen_width
from fairway.entrypoints.cli.running import run_async
from fairway.entrypoints.cli.upgrades_asked import (
    Edits,
    edits_of,
    lock_option,
    narrowing,
    patch_option,
    place_of,
    wanted,
)
from fairway.entrypoints.cli.upgrades_push import Push, push_option, push_upgrades
from fairway.entrypoints.cli.upgrades_told import finish, tell_problems
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.entrypoints.cli.upgrades_push import Looking

exit_code_option = click.option("--exit-code", is_flag=True, help="Exit with 1 when there are upgrades.")


@click.command()
@environment_argument
@patch_option
@push_option
@lock_option
@releases_option
@click.option("--image", "-i", metavar="IMAGE", help="Only this image.")
@cluster_option
@exit_code_option
@output_option()
@environments_file_option
def poll(
    environment: str | None,
    patch: bool,
    push: bool,
    lock: bool,
    releases: tuple[str, ...],
    image: str | None,
    cluster: str | None,
    exit_code: bool,
    output: str,
    environments_file: Path,
) -> int:
    """Ask registries and chart repositories for newer versions of what the releases' triggers name.

    Without ENV all environments are looked at. With --patch exactly the versions are edited, in the files that hold
    them, and Git is left to you. With --push the newest files of the remote are looked at, and upgrades are written
    there, as commits or pull requests by the rules of fairway.yaml; the folder here stays as it is.

    \b
    Examples:
      fairway poll                          what could be upgraded, everywhere
      fairway poll prod --patch             edit the files of prod
      fairway poll prod --patch --lock      write into fairway.lock.yaml instead
      fairway poll --push                   a commit or pull request with all upgrades
      fairway poll -i shop/web -r web       one image, one release
    """
    edits = edits_of(patch=patch, push=push, lock=lock)
    again = " ".join(
        ("fairway poll", *narrowing(environment, cluster, releases, image), "--push" if push else "--patch")
    )
    if push:
        given = Push(environments_file, environment, cluster, releases, again, lock, True, exit_code, output)
        return run_async(push_upgrades(given, lambda found, places: found.check(places, wanted(releases, image))))
    place = place_of(environments_file, environment, cluster, releases)
    return run_async(_poll(place, releases, image, again, edits=edits, exit_code=exit_code, output=output))


async def _poll(
    place: Place,
    releases: tuple[str, ...],
    image: str | None,
    again: str,
    *,
    edits: Edits,
    exit_code: bool,
    output: str,
) -> int:
    from fairway.wiring import open_upgrades

    async with open_upgrades(load_settings(), place.repository, ChartNotices()) as upgrades:
        report = await upgrades.check(place.environments, wanted(releases, image))
    return await finish(place, report, again, edits=edits, exit_code=exit_code, output=output)


@click.command()
@environment_argument
@click.option("--image", "-i", metavar="IMAGE:TAG", help="The image that was pushed.")
@click.option("--chart", metavar="NAME:VERSION", help="The chart that was published, instead of an image.")
@patch_option
@push_option
@lock_option
@click.option("--verify", is_flag=True, help="Ask the registry first whether it is there.")
@releases_option
@cluster_option
@exit_code_option
@output_option()
@environments_file_option
def observe(
    environment: str | None,
    image: str | None,
    chart: str | None,
    patch: bool,
    push: bool,
    lock: bool,
    verify: bool,
    releases: tuple[str, ...],
    cluster: str | None,
    exit_code: bool,
    output: str,
    environments_file: Path,
) -> int:
    """Say which releases want an image or a chart that was just pushed; for the end of a build.

    A release wants it when a trigger names it and its track allows it; nothing is ever lowered. Without --verify no
    registry is asked.

    \b
    Examples:
      fairway observe -i registry.example/shop/web:1.2.3
      fairway observe prod -i shop/web:1.2.3 --verify --patch
      fairway observe --chart stable/redis:21.0.1 --patch
      fairway observe -i shop/web:1.2.3 --verify --push
    """
    if (image is None) == (chart is None):
        raise UserError("what was pushed?", fix="give either -i IMAGE:TAG or --chart NAME:VERSION")
    edits = edits_of(patch=patch, push=push, lock=lock)
    what = f"-i {image}" if image else f"--chart {chart}"
    narrowed = (*narrowing(environment, cluster, releases), what, "--push" if push else "--patch")
    again = " ".join(("fairway observe", *narrowed))
    if push:
        given = Push(environments_file, environment, cluster, releases, again, lock, False, exit_code, output)
        return run_async(push_upgrades(given, _observing(image, chart, releases, verify=verify)))
    place = place_of(environments_file, environment, cluster, releases)
    work = _observe(
        place, releases, image, chart, again, verify=verify, edits=edits, exit_code=exit_code, output=output
    )
    return run_async(work)


async def _observe(
    place: Place,
    releases: tuple[str, ...],
    image: str | None,
    chart: str | None,
    again: str,
    *,
    verify: bool,
    edits: Edits,
    exit_code: bool,
    output: str,
) -> int:
    from fairway.wiring import open_upgrades

    look = _observing(image, chart, releases, verify=verify)
    async with open_upgrades(load_settings(), place.repository, ChartNotices()) as upgrades:
        report = await look(upgrades, place.environments)
    if output == "table" and not report.upgrades:
        click.echo("".join(f"{line}\n" for line in views.unwanted(report)), nl=False)
    return await finish(place, report, again, edits=edits, exit_code=exit_code, output=output)


def _observing(image: str | None, chart: str | None, releases: tuple[str, ...], *, verify: bool) -> Looking:
    """Which releases want what was pushed. Raises UserError when it is not named as it should."""
    from fairway.services.upgrades.observing import PushedChart, PushedImage
    from fairway.services.upgrades.observing import observe as look_for
    from fairway.wiring.clock import now

    pushed = PushedImage.parse(image, now()) if image else PushedChart.parse(chart or "")
    return lambda upgrades, places: look_for(upgrades, places, pushed, frozenset(releases), verify=verify)


@click.command()
@environment_argument
@click.option("--explain", is_flag=True, help="Say of every version seen why it was or was not chosen.")
@releases_option
@click.option("--image", "-i", metavar="IMAGE", help="Only this image.")
@cluster_option
@output_option()
@environments_file_option
def upgrades(
    environment: str | None,
    explain: bool,
    releases: tuple[str, ...],
    image: str | None,
    cluster: str | None,
    output: str,
    environments_file: Path,
) -> int:
    """List what could be upgraded, or with --explain every trigger and every version it saw. Changes nothing.

    \b
    Examples:
      fairway upgrades prod
      fairway upgrades prod --explain -r kafka
    """
    place = place_of(environments_file, environment, cluster, releases)
    again = " ".join(("fairway poll", *narrowing(environment, cluster, releases, image), "--patch"))
    return run_async(_upgrades(place, releases, image, again, explain=explain, output=output))


async def _upgrades(
    place: Place, releases: tuple[str, ...], image: str | None, again: str, *, explain: bool, output: str
) -> int:
    from fairway.wiring import open_upgrades

    async with open_upgrades(load_settings(), place.repository, ChartNotices()) as found:
        report = await found.check(place.environments, wanted(releases, image))
    if not explain:
        return await finish(place, report, again, edits=Edits.NONE, exit_code=False, output=output)
    data = views.report_data(report, explain=True)
    emit(
        data,
        output,
        lambda: views.explained(report.looks, screen_width()) if report.looks else views.closing_line(report, again),
    )
    return tell_problems(report)
