"""Which other folders a chart's folder is made of: its dependencies by `file://`, and theirs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fairway.domain.errors import FairwayError
from fairway.domain.repository.models import ChartKind, Repository
from fairway.domain.yaml import load

DEEPEST = 20
_FILES = ("Chart.yaml", "requirements.yaml")


def companions_of(repository: Repository) -> dict[str, tuple[str, ...]]:
    """For each chart folder that a release uses, the folders behind its `file://` dependencies."""
    folders = {
        release.chart.location
        for environment in repository.environments
        for release in environment.releases
        if release.chart is not None and release.chart.kind is ChartKind.DIRECTORY
    }
    return {folder: found for folder in folders if (found := tuple(_below(folder, (folder,))))}


def _below(folder: str, above: tuple[str, ...]) -> Iterable[str]:
    if len(above) > DEEPEST:
        return
    for written in _dependencies(folder):
        other = posixpath.normpath(posixpath.join(folder, written))
        if other not in above:
            yield other
            yield from _below(other, (*above, other))


def _dependencies(folder: str) -> Iterable[str]:
    for name in _FILES:
        try:
            document: Any = load((Path(folder) / name).read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError, FairwayError):
            continue  # whoever deploys it says so
        listed = document.get("dependencies") if isinstance(document, dict) else None
        for entry in listed if isinstance(listed, list) else ():
            address = entry.get("repository") if isinstance(entry, dict) else None
            if isinstance(address, str) and address.startswith("file://"):
                yield address.removeprefix("file://")
