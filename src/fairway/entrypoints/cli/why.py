"""`fairway why`: which inputs of a release changed since it was last applied, and where they stand in Git."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.opening import Place, environment_and_release, facts_of, opened_environment, place_of
from fairway.entrypoints.cli.options import environments_file_option
from fairway.entrypoints.cli.output import emit, output_option, plain
from fairway.entrypoints.cli.running import run_async
from fairway.entrypoints.cli.times import ago
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.services.engine.reasons import Reasons


@click.command()
@click.argument("environment", metavar="[ENV]", required=False)
@click.argument("release", metavar="RELEASE", required=False)
@environments_file_option
@output_option("text", "json", "yaml")
def why(environment: str | None, release: str | None, environments_file: Path, output: str) -> int:
    """Say why an apply would change RELEASE, or why it would not: which inputs changed since the last one.

    \b
    Example:
      fairway why prod web
    """
    environment, name = environment_and_release(environment, release)
    place = place_of(environments_file, environment)
    if place.one.release(name) is None:
        known = ", ".join(r.name for r in place.one.releases)
        raise UserError(f"environment {place.one.name} declares no release {name}", fix=f"it declares: {known}")
    return run_async(_why(load_settings(), place, name, output))


async def _why(settings: Settings, place: Place, name: str, output: str) -> int:
    from fairway import wiring
    from fairway.services.engine.planning import PlanOptions
    from fairway.services.engine.reasons import reasons_for

    facts = await facts_of(place)
    source = wiring.repository_source(place.repository, facts)
    async with opened_environment(settings, place, place.one) as opened:
        reasons = await reasons_for(opened, name, PlanOptions(retry_stalled=True, source=source))
    emit(_document(place.one.name, reasons), output, lambda: _text(reasons))
    return 0


def _document(environment: str, reasons: Reasons) -> dict[str, Any]:
    """The contract of `--output json`: docs/spec/schemas/why.schema.json."""
    return {
        "apiVersion": "fairway.dev/v1",
        "kind": "Why",
        "environment": environment,
        **plain(reasons),
    }


def _text(reasons: Reasons) -> str:
    lines = []
    if reasons.revision:
        when = f"{ago(reasons.updated)} " if reasons.updated else ""
        deployment = f" (deployment {reasons.deployment[:10]}…)" if reasons.deployment else ""
        lines.append(f"last applied {when}at revision {reasons.revision}{deployment}; {reasons.verdict}")
    else:
        lines.append(reasons.verdict)
    width = max((len(v.key) for v in reasons.values), default=0)
    for value in reasons.values:
        place = f"   ← {value.where}" if value.where else ""
        lines.append(f"  {value.key:<{width}}  {_shown(value.old)} → {_shown(value.new)}{place}")
    lines.extend(f"  {name}   changed" for name in reasons.changed)
    if reasons.unchanged:
        lines.append(f"  unchanged: {', '.join(reasons.unchanged)}")
    lines.extend(f"  {ref}   changed in the cluster" for ref in reasons.drifted)
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return "(absent)" if value is None else str(value)
