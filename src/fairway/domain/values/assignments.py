"""One `{key, value}` ready to be merged: path read, text interpolated, `valueFrom` replaced by what it gave.

One rule: only the placeholder `{{release}}` may be left open, so that an environment's assignments are prepared once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.repository.models import CHART_VERSION, ChartValue, Locked, Release
from fairway.domain.repository.placeholders import fill
from fairway.domain.values.interpolation import RELEASE, expand, has_placeholder, map_strings
from fairway.domain.values.paths import Path, parse_key
from fairway.domain.values.secrets import looks_secret


@dataclass(frozen=True, slots=True)
class Sourced:
    """What a `valueFrom` gave; `note` says where from, e.g. `secret shop/db:password`."""

    value: Any
    secret: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    path: Path
    value: Any
    position: Position
    written: Any = None
    """As it stands in the file, before interpolation."""
    secret: bool = False
    note: str = ""
    open: bool = False
    """True while `{{release}}` stands in the value."""

    def for_release(self, name: str) -> Assignment:
        """The same with `{{release}}` filled in."""
        if not self.open:
            return self
        return replace(self, value=fill(self.value, {RELEASE: name}), open=False)


def assignment(
    item: ChartValue, *, variables: Mapping[str, str], places: Mapping[str, str], sourced: Sourced | None = None
) -> Assignment:
    """Prepare one ChartValue; `places` are the placeholders that are known by now.

    Raises `UserError` with the position for a bad key or an unset variable.
    """
    path = parse_key(item.key, item.position)
    if sourced is not None:
        return Assignment(path, sourced.value, item.position, secret=sourced.secret, note=sourced.note)
    used: set[str] = set()

    value = fill(map_strings(item.value, lambda text: expand(text, variables, item.position, used)), places)
    secret = bool(used) and any(looks_secret(name) for name in used)
    return Assignment(path, value, item.position, written=item.value, secret=secret, open=has_placeholder(value))


def locked_assignments(release: Release) -> list[Assignment]:
    """What the lock file says of a release's values; its text is taken as it is."""
    has_version = release.chart is not None and release.chart.version is not None
    return [_locked(item) for item in release.locked if not (has_version and item.key == CHART_VERSION)]


def _locked(item: Locked) -> Assignment:
    return Assignment(parse_key(item.key, item.position), item.value, item.position, written=item.value)
