"""`fairway status`: how the releases of an environment are doing, right now."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.errors import FairwayError
from fairway.domain.suspensions.suspension import in_words
from fairway.entrypoints.cli.errors import show_error
from fairway.entrypoints.cli.opening import Place, opened_environment, place_of
from fairway.entrypoints.cli.options import (
    cluster_option,
    environment_argument,
    environments_file_option,
    releases_option,
)
from fairway.entrypoints.cli.output import emit, output_option, table
from fairway.entrypoints.cli.render.style import chart_words, count
from fairway.entrypoints.cli.running import run_async
from fairway.entrypoints.cli.suspend import suspension_data
from fairway.entrypoints.cli.times import ago
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.domain.agent.report import AgentReport
    from fairway.domain.repository.models import Environment
    from fairway.services.engine.status import ReleaseStatus

PAUSE = 2.0
SILENT = timedelta(minutes=3)
"""An agent that is alive says something every minute."""
COLORS = {"healthy": "green", "progressing": "yellow", "failed": "red", "missing": "red"}
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


@click.command()
@environment_argument
@cluster_option
@releases_option
@environments_file_option
@click.option("--watch", "-w", is_flag=True, help="Keep looking, until interrupted; as JSON one line for each look.")
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
    return run_async(_status(load_settings(), place, releases, watch, exit_code, output))


async def _status(
    settings: Settings, place: Place, only: Sequence[str], watch: bool, exit_code: bool, output: str
) -> int:
    screen = watch and output == "table" and sys.stdout.isatty()
    while True:
        data, code = await _look(settings, place, only)
        agents = await _agents(settings, place)
        if screen:
            _draw(_tables(data, agents))
        elif watch and output == "json":
            _json_line(_document(data, agents))
        else:
            emit(_document(data, agents), output, lambda: _tables(data, agents))  # noqa: B023
        if not watch:
            bad = any(r.health != "healthy" or r.stored != "deployed" for _, rows in data for r in rows)
            return code or (1 if exit_code and bad else 0)
        await asyncio.sleep(PAUSE)


async def _look(
    settings: Settings, place: Place, only: Sequence[str]
) -> tuple[list[tuple[Environment, list[ReleaseStatus]]], int]:
    """One look at each environment, and the exit code; one that can't be reached hides none of the others.

    Raises `UserError` for a name in `only` that is neither declared nor stored anywhere.
    """
    from fairway.services.choosing import choose_releases
    from fairway.services.engine.status import environment_status

    data: list[tuple[Environment, list[ReleaseStatus]]] = []
    code = 0
    for environment in place.environments:
        try:
            async with opened_environment(settings, place, environment) as opened:
                data.append((environment, await environment_status(opened, only=only)))
        except FairwayError as error:
            if len(place.environments) == 1:
                raise
            show_error(error, about=environment.name)
            code = max(code, error.exit_code)
    found = {row.name for _, rows in data for row in rows}
    if data and (unknown := [name for name in only if name not in found]):
        choose_releases(data[0][0], unknown)
    return data, code


async def _agents(settings: Settings, place: Place) -> Mapping[str, AgentReport]:
    """What an agent says of each environment; nothing where none ever said anything, or the ledger is away."""
    from fairway.wiring.agent_reports import read_agent_reports

    try:
        found = await read_agent_reports(settings, place.repository)
    except FairwayError:
        return {}
    return {one.environment: one for one in found}


def _draw(text: str) -> None:
    """Over what stood there before, in one write: clearing first would flicker."""
    lines = [f"{line}{CLEAR_LINE}" for line in text.splitlines()]
    click.echo(HOME + "\n".join(lines) + CLEAR_BELOW)


def _json_line(data: Mapping[str, Any]) -> None:
    import json

    from fairway.entrypoints.cli.output import plain

    click.echo(json.dumps(plain(data), ensure_ascii=False))


def _document(
    data: Sequence[tuple[Environment, list[ReleaseStatus]]], agents: Mapping[str, AgentReport]
) -> dict[str, Any]:
    """The contract of `--output json`: docs/spec/schemas/status.schema.json."""
    return {
        "apiVersion": "fairway.dev/v1",
        "kind": "Status",
        "environments": [
            {
                "name": environment.name,
                "cluster": environment.cluster.name,
                "namespace": environment.namespace,
                "agent": _agent(agents.get(environment.name)),
                "releases": [_release(row) for row in rows],
            }
            for environment, rows in data
        ],
    }


def _agent(report: AgentReport | None) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        "name": report.agent,
        "state": report.state,
        "why": report.why,
        "commit": report.applied,
        "subject": report.subject,
        "appliedAt": report.applied_at,
        "seenAt": report.seen_at,
    }


def _release(row: ReleaseStatus) -> dict[str, Any]:
    return {
        "name": row.name,
        "declared": row.declared,
        "status": row.stored,
        "revision": row.revision or None,
        "chart": row.chart,
        "updated": row.updated,
        "health": row.health,
        "message": row.message,
        "drifted": row.drifted,
        "deployment": row.deployment,
        "byFairway": row.by_fairway,
        "suspended": suspension_data(row.suspended) if row.suspended else None,
        "objects": [
            {
                "apiVersion": one.ref.api_version,
                "kind": one.ref.kind,
                "namespace": one.ref.namespace,
                "name": one.ref.name,
                "health": one.health,
                "message": one.message,
                "drifted": one.drifted,
            }
            for one in row.objects
        ],
    }


def _tables(data: Sequence[tuple[Environment, list[ReleaseStatus]]], agents: Mapping[str, AgentReport]) -> str:
    parts = []
    for environment, rows in data:
        head = f"{environment.name} · cluster {environment.cluster.name}, namespace {environment.namespace}"
        lines = [_line(row) for row in rows]
        headers = ("RELEASE", "CHART", "STATUS", "REVISION", "UPDATED", "HEALTH", "NOTE")
        head = f"{head} · {_totals(rows)}"
        if report := agents.get(environment.name):
            head = f"{head}\n{_said(report)}"
        parts.append(f"{head}\n\n" + table(headers, lines))
    return "\n\n".join(parts)


def _said(report: AgentReport) -> str:
    """`agent: applied 3f2c1ab "web 1.9.1" 40 s ago`, and what else is to be known of it."""
    words = ["agent: nothing applied yet"]
    if report.applied and report.applied_at is not None:
        words = [f'agent: applied {report.applied[:7]} "{report.subject}" {ago(report.applied_at)}']
    if report.state != "Current":
        words.append(f"{report.state}: {report.why}" if report.why else report.state)
    if datetime.now(UTC) - report.seen_at > SILENT:
        words.append(f"last heard of {ago(report.seen_at)}")
    return " · ".join(words)


def _totals(rows: Sequence[ReleaseStatus]) -> str:
    """`9 healthy`, or `7 healthy, 1 failed, 1 not installed`: what must be looked for in a long list."""
    from collections import Counter

    counts = Counter(row.health or row.stored for row in rows)
    return ", ".join(f"{number} {word}" for word, number in counts.most_common()) or "no releases"


def _line(row: ReleaseStatus) -> tuple[object, ...]:
    notes = [in_words(row.suspended)] if row.suspended else []
    if not row.declared:
        notes.append("not declared any more")
    if row.stored not in ("deployed", "not installed") and row.deployment:
        notes.append(f"why: fairway show {row.deployment[:10]}")
    changed = sum(one.drifted for one in row.objects if one.health != "missing")
    if changed:
        notes.append(f"{count(changed, 'object')} changed in the cluster")
    if row.revision and not row.by_fairway:
        notes.append("last written by another tool")
    if row.message:
        notes.append(row.message)
    health = click.style(row.health, fg=COLORS.get(row.health)) if sys.stdout.isatty() else row.health
    return (
        row.name,
        chart_words(row.chart),
        row.stored,
        row.revision or "",
        ago(row.updated) if row.updated else "",
        health,
        "; ".join(notes),
    )
