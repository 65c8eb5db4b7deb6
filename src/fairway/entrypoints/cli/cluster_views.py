"""How clusters look on stdout: tables for people, data for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from fairway.adapters.devcluster import ClusterInfo
from fairway.entrypoints.cli.render import style

_COLORS = {"ready": "green", "running": "green", "starting": "yellow", "restarting": "yellow", "stopping": "yellow"}
_POLL = 0.2


def as_data(cluster: ClusterInfo) -> dict[str, Any]:
    """The stable form for `--output json|yaml`; docs/spec/cluster.md describes it."""
    return {
        "name": cluster.name,
        "phase": cluster.phase,
        "message": cluster.message,
        "context": cluster.context,
        "server": cluster.server,
        "kubeconfig": str(cluster.kubeconfig),
        "nodes": cluster.nodes,
        "kubernetes": cluster.kubernetes,
        "outdated": cluster.outdated,
        "changed": cluster.changed,
        "startedAt": _rfc3339(cluster.started_at),
        "memoryBytes": cluster.memory,
        "parts": [
            {
                "name": part.name,
                "state": part.state,
                "pid": part.pid,
                "restarts": part.restarts,
                "memoryBytes": part.memory,
                "address": part.address or None,
                "version": part.version,
                "since": _rfc3339(part.since),
                "lastExit": part.last_exit or None,
            }
            for part in cluster.parts
        ],
        "events": [{"time": _rfc3339(event.time), "part": event.part, "what": event.what} for event in cluster.events],
    }


def show_data(data: object, output: str) -> None:
    if output == "json":
        click.echo(json.dumps(data, indent=2))
        return
    import yaml

    click.echo(yaml.safe_dump(data, sort_keys=False), nl=False)


def summary(cluster: ClusterInfo) -> str:
    return (
        f"Kubernetes {cluster.kubernetes} at {cluster.server}, {style.count(cluster.nodes, 'node')}, "
        f"context {cluster.context}, {_mib(cluster.memory)}"
    )


def show_status(cluster: ClusterInfo) -> None:
    """The cluster in one line, its parts in a table, and what happened to them lately."""
    click.echo(f"cluster {cluster.name}  {_state(cluster.phase)}  {cluster.message}")
    click.echo(f"  {summary(cluster)}")
    if cluster.started_at:
        click.echo(f"  started {_ago(cluster.started_at)}")
    rows = [
        (part.name, part.state, part.pid or "-", part.restarts, _mib(part.memory), part.version, part.address or "-")
        for part in cluster.parts
    ]
    _table(("PART", "STATE", "PID", "RESTARTS", "MEMORY", "VERSION", "ADDRESS"), rows)
    for event in cluster.events[-5:]:
        click.echo(f"  {_ago(event.time)}: {event.part} {event.what}")


def show_list(clusters: Sequence[ClusterInfo]) -> None:
    if not clusters:
        click.echo("no clusters; start one with fairway cluster up", err=True)
        return
    rows = [
        (item.name, item.phase, item.kubernetes, item.nodes, _mib(item.memory), item.server, item.context)
        for item in clusters
    ]
    _table(("NAME", "STATE", "KUBERNETES", "NODES", "MEMORY", "SERVER", "CONTEXT"), rows)


def show_logs(files: Mapping[str, Path], lines: int, follow: bool) -> None:
    """The last lines of each file, then, when asked, what is added; with the part's name when there are several."""
    width = max((len(name) for name in files), default=0)
    prefixes = {name: f"{name:<{width}} | " if len(files) > 1 else "" for name in files}
    with ExitStack() as stack:
        opened: dict[str, TextIO] = {}
        for name, path in files.items():
            opened[name] = stack.enter_context(path.open(encoding="utf-8", errors="replace"))
            for line in _last(opened[name], lines):
                click.echo(prefixes[name] + line)
        while follow:
            wrote = False
            for name, file in opened.items():
                for line in file:
                    click.echo(prefixes[name] + line.rstrip("\n"))
                    wrote = True
            if not wrote:
                time.sleep(_POLL)


def _last(file: TextIO, lines: int) -> Iterable[str]:
    from collections import deque

    return [line.rstrip("\n") for line in deque(file, maxlen=lines)]


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
    click.echo("  ".join(f"{title:<{width}}" for title, width in zip(head, widths, strict=True)).rstrip())
    for row in cells:
        padded = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        padded[1] = padded[1].replace(row[1], _state(row[1]), 1)
        click.echo("  ".join(padded).rstrip())


def _state(word: str) -> str:
    return click.style(word, fg=_COLORS.get(word, "red"))


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB" if size else "-"


def _rfc3339(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _ago(moment: datetime) -> str:
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
