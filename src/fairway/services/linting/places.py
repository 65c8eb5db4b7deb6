"""Where a finding about a rendered object stands in the repository: the template's file, and its line where it is sure.

The rule not to break: a wrong line is worse than none. A line is named only when exactly one in the file fits.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import Position
from fairway.domain.repository.models import ChartKind, Release, Repository
from fairway.services.loading import shown_path

_LARGEST = 1_000_000
"""Bytes of a template that are searched for a line."""


class Places:
    """Places in one repository, shown relative to `base` when they are below it."""

    def __init__(self, repository: Repository, base: Path) -> None:
        self._root = repository.root
        self._base = base.absolute()
        self._lines: dict[str, list[str]] = {}

    def of_source(self, source: str, release: Release, chart: ChartSource | None) -> Position:
        """The file behind Helm's `# Source:` comment (`chart/templates/x.yaml`), or behind a plain file's."""
        if not source:
            return release.position
        return Position(self._shown(self._file(source, release, chart)))

    def of_error(self, where: Position | None, release: Release, chart: ChartSource | None) -> Position:
        """The place that an error names, with the chart's name turned into where the chart is."""
        if where is None or not where.file:
            return release.position
        if chart is not None and where.file.startswith(f"{chart.name}/"):
            return Position(self._shown(self._file(where.file, release, chart)), where.line, where.column)
        if chart is not None and where.file == chart.origin:
            return release.chart.position if release.chart else release.position
        return where

    def with_line(self, place: Position, pattern: str) -> Position:
        """The place with the line and column where `pattern` matches, when it does so in exactly one line."""
        found = re.compile(pattern)
        hits = [(i, match) for i, line in enumerate(self._text(place.file), 1) if (match := found.search(line))]
        if len(hits) != 1:
            return place
        line, match = hits[0]
        return Position(place.file, line, match.start("at") + 1)

    def _file(self, source: str, release: Release, chart: ChartSource | None) -> str:
        if chart is None:
            return os.path.join(self._root, source)
        _, _, inside = source.partition("/")
        if release.chart is not None and release.chart.kind is ChartKind.DIRECTORY:
            return os.path.join(release.chart.location, inside)
        return f"{chart.name}-{chart.version}.tgz/{inside}"

    def _shown(self, file: str) -> str:
        return shown_path(os.path.normpath(file), self._base)

    def _text(self, file: str) -> list[str]:
        if file not in self._lines:
            try:
                path = self._base / file
                text = path.read_text(encoding="utf-8") if path.stat().st_size < _LARGEST else ""
            except (OSError, UnicodeDecodeError):
                text = ""
            self._lines[file] = text.splitlines()
        return self._lines[file]


def key_pattern(key: str) -> str:
    """Matches a line that writes a YAML key; the group `at` is the key."""
    return rf"^\s*(?:- +)*(?P<at>[\"']?{re.escape(key)}[\"']?\s*:)"


def value_pattern(key: str, value: str) -> str:
    """Matches a line that writes a key with just this value."""
    return rf"^\s*(?:- +)*(?P<at>[\"']?{re.escape(key)}[\"']?\s*:\s*[\"']?{re.escape(value)}[\"']?\s*(?:#.*)?$)"
