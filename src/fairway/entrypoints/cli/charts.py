"""`fairway charts`: what is in the chart cache, making room in it, and what a chart says about itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.options import environments_file_option, loaded
from fairway.entrypoints.cli.output import emit, output_option, table
from fairway.entrypoints.cli.running import run_async
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.repository.models import ChartReference, HelmRepo

MIB = 1024 * 1024
SHOWN_VERSIONS = 10
_AGE = re.compile(r"(\d+)\s*([dhm])")


@click.group()
def charts() -> None:
    """Look at charts and at the cache that keeps them.

    \b
    Examples:
      fairway charts show stable/redis            what a chart says about itself, and its versions
      fairway charts list                         what the cache holds
      fairway charts prune --unused-for 30d       make room
    """


@charts.command("list")
@output_option()
def list_(output: str) -> None:
    """The charts in the cache, last used first."""
    from fairway.adapters.charts.cache import FileCache
    from fairway.adapters.charts.upkeep import cached_charts, size_of

    cache = FileCache(load_settings().chart_cache)
    found = cached_charts(cache)
    now = datetime.now(UTC)
    rows = [[c.name, c.version, _size(c.size), _ago(now - c.last_used), c.digest[:19], c.sources[0]] for c in found]

    def human() -> str:
        head = ["CHART", "VERSION", "SIZE", "LAST USED", "DIGEST", "FROM"]
        total = f"{len(found)} charts, {_size(size_of(cache))} with indexes and clones, in {cache.root}"
        return f"{table(head, rows)}\n{total}" if rows else f"the cache in {cache.root} is empty"

    emit(found, output, human)


@charts.command()
@click.option("--unused-for", default="30d", show_default=True, metavar="AGE", help="e.g. 12h, 30d; 0d removes all.")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would go.")
def prune(unused_for: str, dry_run: bool) -> None:
    """Remove what was not used for a while; it is fetched again when it is needed."""
    from fairway.adapters.charts.cache import FileCache
    from fairway.adapters.charts.upkeep import prune as remove

    gone = remove(FileCache(load_settings().chart_cache), _age(unused_for), pretend=dry_run)
    verb = "would be removed" if dry_run else "removed"
    click.echo(f"{gone.charts} chart{'' if gone.charts == 1 else 's'} {verb}, {_size(gone.bytes)}")


@charts.command()
@click.argument("reference", metavar="REF")
@click.option("--version", metavar="VERSION", help="Exact, or a range like ^1.2; without it the newest release.")
@click.option("--all-versions", is_flag=True, help="List every version, not only the newest ones.")
@click.option("--offline", is_flag=True, help="Only what the cache holds.")
@environments_file_option
@output_option()
def show(
    reference: str, version: str | None, all_versions: bool, offline: bool, environments_file: Path, output: str
) -> int:
    """What a chart says about itself, and which versions there are.

    REF is a folder, repo/name of helmRepos, oci://…, https://….tgz, s3://bucket/prefix/name or git+https://…//path.

    \b
    Examples:
      fairway charts show ./charts/web
      fairway charts show stable/redis --version ^19
      fairway charts show oci://ghcr.io/org/charts/web --all-versions -o json
    """
    repos = loaded(environments_file).helm_repos if environments_file.is_file() else ()
    work = _show(_reference(reference, version), repos, all_versions, offline, output)
    return run_async(work)


async def _show(
    ref: ChartReference, repos: tuple[HelmRepo, ...], all_versions: bool, offline: bool, output: str
) -> int:
    from fairway.wiring import chart_service

    async with chart_service(load_settings(), repos, notices=ChartNotices(), offline=offline) as service:
        source = await service.fetch(ref)
        versions = await service.versions(ref)
    listed = versions if all_versions else versions[:SHOWN_VERSIONS]
    data = {
        "name": source.name,
        "version": source.version,
        "appVersion": source.app_version,
        "kubeVersion": source.kube_version,
        "digest": source.digest,
        "origin": source.origin,
        "path": source.path,
        "usesLookup": source.uses_lookup,
        "versions": listed,
    }

    def human() -> str:
        rows = [[key, _text(value)] for key, value in data.items() if value not in ("", [], None)]
        more = len(versions) - len(listed)
        hint = f"\n{more} more versions: --all-versions" if more else ""
        return table(["FIELD", "VALUE"], rows) + hint

    emit(data, output, human)
    return 0


def _reference(text: str, version: str | None) -> ChartReference:
    from fairway.domain.charts.addresses import reference_of
    from fairway.domain.errors import Position

    folder = Path(text)
    as_folder = str(folder.absolute()) if folder.is_dir() else None
    return reference_of(text, version, as_folder, Position(""))


def _age(text: str) -> timedelta:
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter(f'"{text}" is no age; write e.g. 12h or 30d', param_hint="--unused-for")
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[match[2]]: int(match[1])})


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _size(size: int) -> str:
    return f"{size / MIB:.1f} MB" if size >= MIB else f"{size / 1024:.1f} kB"


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    for unit, length in (("d", 1440), ("h", 60), ("min", 1)):
        if minutes >= length:
            return f"{minutes // length} {unit} ago"
    return "just now"
