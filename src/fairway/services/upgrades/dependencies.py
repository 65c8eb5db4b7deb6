"""Chart triggers of releases whose chart is a folder: they follow what the chart depends on.

The rule not to break: only dependencies with an exact version and a place of their own are followed; a range says
already what may come.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from fairway.domain.charts.dependencies import Dependency, declared
from fairway.domain.charts.versions import is_exact
from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import ChartKind, ChartReference, ChartTrigger, Environment, Release
from fairway.domain.upgrades.choosing import Track
from fairway.domain.upgrades.rules import Rules
from fairway.domain.upgrades.written import CannotEdit
from fairway.domain.values.layers import LayerKind
from fairway.domain.values.tracing import Origin
from fairway.domain.yaml import Path as YamlPath
from fairway.domain.yaml import load_with_positions
from fairway.services.loading import shown_path
from fairway.services.upgrades.files import read_file
from fairway.services.upgrades.watching import Watch

_KINDS = {
    "http": ChartKind.REPOSITORY,
    "https": ChartKind.REPOSITORY,
    "oci": ChartKind.OCI,
    "s3": ChartKind.S3,
}


def dependency_key(item: Dependency) -> str:
    """As `chart.version` names the version of the release's own chart."""
    return f"dependencies.{item.alias or item.name}.version"


def dependency_origins(release: Release) -> dict[str, tuple[Dependency, Origin]]:
    """The dependencies that can be followed, by their keys. Raises InvalidInput, UserError for an unreadable file."""
    assert release.chart is not None
    folder = release.chart.location
    shown = shown_path(os.path.join(folder, "Chart.yaml"), Path.cwd())
    data = read_file(Path(folder, "Chart.yaml"), shown)
    if data is None:
        raise UserError("does not exist", where=Position(shown))
    positions = load_with_positions(data.decode("utf-8-sig"), shown)[1]
    found: dict[str, tuple[Dependency, Origin]] = {}
    for number, item in enumerate(declared({"Chart.yaml": data}, "v2", os.path.dirname(shown))):
        path: YamlPath = ("dependencies", number, "version")
        if is_exact(item.version) and _reference(item, positions[path]) is not None:
            origin = Origin(LayerKind.DEPENDENCY, positions[path], path, item.version, item.version, note=item.name)
            found[dependency_key(item)] = item, origin
    return found


def dependency_watches(environment: Environment, release: Release, trigger: ChartTrigger) -> Sequence[Watch]:
    """Raises UserError at the trigger when there is nothing to follow, and as `dependency_origins`."""
    found = dependency_origins(release)
    if not found:
        message = f'release "{release.name}" has a chart trigger, but its chart has no dependency with an exact version'
        fix = "write dependencies: [{name, version: X.Y.Z, repository}] in its Chart.yaml, or remove the trigger"
        raise UserError(message, where=trigger.position, fix=fix)
    rules = Rules(trigger.filter, range=trigger.range, pre_releases=trigger.pre_releases)
    watches: list[Watch] = []
    for key, (item, origin) in found.items():
        subject = _reference(item, origin.position)
        assert subject is not None
        track, at = Track(trigger.track), origin.position
        watches.append(Watch(environment.name, release, subject, key, item.version, track, at, (origin,), rules))
    return watches


def refuse_vendored(folder: Path, name: str, where: Position) -> None:
    """Raises CannotEdit when charts/ holds the dependency: that one is installed, whatever Chart.yaml says."""
    charts = folder / "charts"
    held = os.listdir(charts) if charts.is_dir() else []
    for entry in held:
        if entry == name or (entry.startswith(f"{name}-") and entry.endswith(".tgz")):
            message = f"charts/{entry} is what is installed, whatever version stands here"
            raise CannotEdit(message, where=where, fix="change it, then run helm dependency update; or remove charts/")


def _reference(item: Dependency, where: Position) -> ChartReference | None:
    """Where its versions are listed; None for what lies beside the chart or under charts/."""
    if name := item.repository_name:
        return ChartReference(ChartKind.REPOSITORY, f"{name}/{item.name}", item.version, where)
    kind = _KINDS.get(item.repository.partition("://")[0])
    return ChartReference(kind, f"{item.repository.rstrip('/')}/{item.name}", item.version, where) if kind else None
