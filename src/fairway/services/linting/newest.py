"""Names the newest version of a chart where a reference has none.

The rule not to break: this only makes a fix more exact. A place that does not answer in time changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from fairway.domain.charts.versions import newest_first, parse_version
from fairway.domain.errors import Diagnostic, FairwayError, Position
from fairway.domain.repository.models import ChartKind, ChartReference, HelmRepo
from fairway.services.loading import Loaded

RULE = "missing-chart-version"
PATIENCE = 5.0
"""Seconds for all places together."""

_SCHEMES = {"oci": ChartKind.OCI, "s3": ChartKind.S3}


class ChartVersions(Protocol):
    async def versions(self, ref: ChartReference) -> list[str]:
        """All versions that the reference's place offers, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class NewestVersions:
    """An `Advice`. `open` gives what can list versions, with the repositories that are declared."""

    open: Callable[[Sequence[HelmRepo]], AbstractAsyncContextManager[ChartVersions]]
    patience: float = PATIENCE

    async def __call__(self, loaded: Loaded) -> Sequence[Diagnostic]:
        wanted = {item.position for item in loaded.diagnostics if item.rule == RULE}
        references = {place: ref for place, ref in _references(loaded) if place in wanted}
        if not references:
            return loaded.diagnostics
        async with self.open(loaded.helm_repos) as charts:
            found = await asyncio.gather(*(self._newest(charts, ref) for ref in references.values()))
        newest = {place: version for place, version in zip(references, found, strict=True) if version}
        return [
            replace(item, fix=f"add version: {newest[item.position]} (newest in {references[item.position].location})")
            if item.rule == RULE and item.position in newest
            else item
            for item in loaded.diagnostics
        ]

    async def _newest(self, charts: ChartVersions, ref: ChartReference) -> str | None:
        """The newest release; a pre-release only where there is nothing else."""
        try:
            async with asyncio.timeout(self.patience):
                versions = newest_first(await charts.versions(ref))
        except (FairwayError, TimeoutError):
            return None
        final = (one for one in versions if (parsed := parse_version(one)) is not None and not parsed.prerelease)
        return next(final, versions[0] if versions else None)


def _references(loaded: Loaded) -> Iterator[tuple[Position | None, ChartReference]]:
    """Every chart reference in every file, releases and templates alike, with its place."""
    for document in loaded.documents:
        content = document.value if isinstance(document.value, dict) else {}
        for key in ("releases", "templates"):
            entries = content.get(key)
            pairs: list[tuple[str | int, Any]] = []
            if isinstance(entries, list):
                pairs = list(enumerate(entries))
            elif isinstance(entries, dict):
                pairs = list(entries.items())
            for name, entry in pairs:
                chart = entry.get("chart") if isinstance(entry, dict) else None
                text = chart.get("reference") if isinstance(chart, dict) else None
                if isinstance(text, str):
                    place = document.positions[(key, name, "chart", "reference")]
                    kind = _SCHEMES.get(text.partition("://")[0], ChartKind.REPOSITORY)
                    yield place, ChartReference(kind, text, None, place)
