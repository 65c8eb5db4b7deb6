"""A chart that is at hand: made from its files once, remembered by the cache as plain notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fairway.domain.charts.contents import ChartFacts
from fairway.domain.charts.metadata import ChartMetadata
from fairway.domain.charts.rendering import ChartSource

NOTES_FORMAT = 2
"""Counted up when what is found out about a chart changes, so that old notes are made afresh."""


@dataclass(frozen=True, slots=True)
class HeldChart:
    path: Path
    digest: str
    """Of the chart as its source publishes it: archive bytes, or the folder's content."""
    facts: ChartFacts

    def source(self, origin: str) -> ChartSource:
        about = self.facts.metadata
        return ChartSource(
            name=about.name,
            version=about.version,
            path=str(self.path),
            digest=self.digest,
            origin=origin,
            uses_lookup=self.facts.uses_lookup,
            uses_capabilities=self.facts.uses_capabilities,
            kube_version=about.kube_version,
            app_version=about.app_version,
        )


def to_notes(digest: str, facts: ChartFacts) -> dict[str, Any]:
    return {
        "format": NOTES_FORMAT,
        "digest": digest,
        "uses_lookup": facts.uses_lookup,
        "uses_capabilities": facts.uses_capabilities,
        "metadata": asdict(facts.metadata),
    }


def from_notes(path: Path, notes: Mapping[str, Any]) -> HeldChart | None:
    """None when the notes are from another version of Fairway."""
    if notes.get("format") != NOTES_FORMAT:
        return None
    try:
        facts = ChartFacts(
            ChartMetadata(**notes["metadata"]), bool(notes["uses_lookup"]), bool(notes["uses_capabilities"])
        )
        return HeldChart(path, str(notes["digest"]), facts)
    except (KeyError, TypeError):
        return None
