"""After a rollback: which versions Git still declares that the cluster does not run any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.charts.versions import is_exact
from fairway.domain.errors import Position
from fairway.domain.releases.revision import Revision
from fairway.domain.repository.models import CHART_VERSION, Environment, Release
from fairway.domain.upgrades.holds import same_version
from fairway.domain.values.paths import Path, parse_key
from fairway.domain.yaml.scalars import scalar_text
from fairway.services.upgrades.standing import Standings


@dataclass(frozen=True, slots=True)
class StillDeclared:
    """A value that says another version than what was rolled back to."""

    key: str
    declared: str
    running: str
    where: Position
    """Where the declared version stands."""


async def still_declared(
    standings: Standings, environment: Environment, release: Release, revision: Revision
) -> list[StillDeclared]:
    """The versions that triggers follow, as far as they differ from a revision's. Raises as `Standings.of`."""
    keys = [trigger.tag_value for trigger in release.image_triggers]
    if release.chart is not None and release.chart.version and is_exact(release.chart.version):
        keys.append(CHART_VERSION)
    found: list[StillDeclared] = []
    for key in dict.fromkeys(keys):
        now = await standings.of(environment, release, key)
        running = _of_revision(revision, key)
        if now.text and running and not same_version(now.text, running):
            found.append(StillDeclared(key, now.text, running, now.where))
    return found


async def declares_otherwise(
    standings: Standings, environment: Environment, release: Release, revision: Revision
) -> bool:
    """Whether the next apply would not bring what a revision was made with: values or chart differ. Raises as above."""
    explanation, chart = await standings.explained(environment, release)
    metadata = revision.chart.get("metadata") or {}
    return explanation.user != dict(revision.config) or chart.version != metadata.get("version")


def _of_revision(revision: Revision, key: str) -> str:
    """What the stored revision was made with; empty when its record does not say."""
    metadata = revision.chart.get("metadata") or {}
    if key == CHART_VERSION:
        return str(metadata.get("version") or "")
    path = parse_key(key)
    for values in (revision.config, revision.chart.get("values") or {}):
        value = _at(values, path)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return scalar_text(value) or str(metadata.get("appVersion") or "")
    return ""


def _at(values: Mapping[str, Any], path: Path) -> Any:
    value: Any = values
    for part in path:
        listed = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if not listed and not (isinstance(value, Mapping) and part in value):
            return None
        value = value[part]
    return value
