"""`fairway history`: the stored revisions of a release, whichever tool wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.opening import Place, environment_and_release, opened_environment, place_of
from fairway.entrypoints.cli.options import environments_file_option
from fairway.entrypoints.cli.output import emit, output_option, table
from fairway.entrypoints.cli.render.style import chart_words
from fairway.entrypoints.cli.running import run_async
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.domain.releases.revision import Revision


@click.command()
@click.argument("environment", metavar="[ENV]", required=False)
@click.argument("release", metavar="RELEASE", required=False)
@click.option("-n", "--max", "limit", type=click.IntRange(1), default=10, show_default=True, help="Newest N revisions.")
@environments_file_option
@output_option()
def history(environment: str | None, release: str | None, limit: int, environments_file: Path, output: str) -> int:
    """List the stored revisions of RELEASE, newest first, with who made each of them and what came of it.

    \b
    Examples:
      fairway history prod web
      fairway history prod web -o json
    """
    environment, name = environment_and_release(environment, release)
    place = place_of(environments_file, environment)
    return run_async(_history(load_settings(), place, name, limit, output))


async def _history(settings: Settings, place: Place, name: str, limit: int, output: str) -> int:
    async with opened_environment(settings, place, place.one) as opened:
        store = opened.session.store
        snapshot = await opened.look()
        summaries = snapshot.history(name)[::-1][:limit]
        if not summaries:
            known = ", ".join(snapshot.release_names) or "none"
            raise UserError(
                f"there is no release {name} in namespace {opened.environment.namespace}", fix=f"there are: {known}"
            )
        revisions = [await store.read(s.namespace, s.name, s.version) for s in summaries]
    rows = [_row(revision) for revision in revisions if revision is not None]
    document = {
        "apiVersion": "fairway.dev/v1",
        "kind": "History",
        "environment": place.one.name,
        "namespace": place.one.namespace,
        "release": name,
        "revisions": rows,
    }
    emit(document, output, lambda: _table(rows))
    return 0


def _row(revision: Revision) -> dict[str, object]:
    """The contract of `--output json`: docs/spec/schemas/history.schema.json."""
    from fairway.domain.releases import notes

    return {
        "revision": revision.version,
        "updated": revision.last_deployed,
        "status": revision.status.value,
        "chart": revision.chart_label,
        "description": revision.description,
        "deployment": revision.notes_to_self.get(notes.DEPLOYMENT, ""),
        "helmReadable": revision.helm_readable,
    }


def _table(rows: list[dict[str, object]]) -> str:
    from datetime import datetime

    from fairway.entrypoints.cli.times import ago

    lines = []
    for row in rows:
        updated = row["updated"]
        note = "" if row["helmReadable"] else " (too large for helm to read)"
        lines.append(
            (
                row["revision"],
                ago(updated) if isinstance(updated, datetime) else "",
                row["status"],
                chart_words(str(row["chart"])),
                f"{row['description']}{note}",
            )
        )
    return table(("REVISION", "UPDATED", "STATUS", "CHART", "DESCRIPTION"), lines)
