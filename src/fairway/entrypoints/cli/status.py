"""`fairway status`: how the releases of an environment are doing, right now."""

from __future__ import annotations

import asyncio
import sys
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
from fairway.entrypoints.cli.output import emit, output_option, table
from fairway.entrypoints.cli.running import run_async
from fairway.entrypoints.cli.times import ago
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.services.engine.status import ReleaseStatus

PAUSE = 2.0
COLORS = {"healthy": "green", "progressing": "yellow", "failed": "red", "missing": "red"}


@click.command()
@environment_argument
@cluster_option
@releases_option
@environments_file_option
@click.option("--watch", "-w", is_flag=True, help="Keep looking, until interrupted.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 unless everything is deployed and healthy.")
@output_option()
def status(
    environment: str | None,
    cluster: str | None,
    releases: tuple[str, ...],
    environments_file: Path,
    watch: bool,
    exit_code: bool,
    output: str,
) -> int:
    """Show every release of ENV: its revision, its health, and whether it was changed in the cluster.

    \b
    Examples:
      fairway status prod
      fairway status prod --watch
      fairway status prod -o json
    """
    place = place_of(environments_file, environment, cluster)
    work = _status(load_settings(), place, releases, watch, exit_code, output)
    return run_async(work)


async def _status(
    settings: Settings, place: Place, only: Sequence[str], watch: bool, exit_code: bool, output: str
) -> int:
    from fairway.services.engine.status import environment_status

    while True:
        data: dict[str, list[ReleaseStatus]] = {}
        for environment in place.environments:
            async with opened_environment(settings, place, environment) as opened:
                data[environment.name] = await environment_status(opened, only=only)
        if watch and output == "table" and sys.stdout.isatty():
            click.clear()
        emit(data if len(data) > 1 else next(iter(data.values())), output, lambda: _tables(data))  # noqa: B023
        if not watch:
            bad = any(r.health != "healthy" or r.stored != "deployed" for rows in data.values() for r in rows)
            return 1 if exit_code and bad else 0
        await asyncio.sleep(PAUSE)


def _tables(data: dict[str, list[ReleaseStatus]]) -> str:
    parts = []
    for name, rows in data.items():
        lines = [_line(row) for row in rows]
        parts.append(f"{name}\n" + table(("RELEASE", "STATUS", "REVISION", "UPDATED", "HEALTH", "NOTE"), lines))
    return "\n\n".join(parts)


def _line(row: ReleaseStatus) -> tuple[object, ...]:
    notes = []
    if not row.declared:
        notes.append("not declared any more")
    if row.drifted:
        notes.append(f"{row.drifted} object{'' if row.drifted == 1 else 's'} changed in the cluster")
    if row.revision and not row.by_fairway:
        notes.append("last written by another tool")
    if row.message:
        notes.append(row.message)
    health = click.style(row.health, fg=COLORS.get(row.health)) if sys.stdout.isatty() else row.health
    return (
        row.name,
        row.stored,
        row.revision or "",
        ago(row.updated) if row.updated else "",
        health,
        "; ".join(notes),
    )
