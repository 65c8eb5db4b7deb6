"""From a declared release to its inputs: the chart fetched, the values resolved, plain files read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from fairway.domain.charts.rendering import Capabilities, ChartSource
from fairway.domain.errors import UserError
from fairway.domain.manifests.origins import Written
from fairway.domain.repository.models import ChartReference, Environment, Release
from fairway.domain.values.explaining import Explanation
from fairway.domain.values.layers import UserValues
from fairway.services.engine.inputs import PlainFile, ReleaseInputs, gather


class ChartShelf(Protocol):
    async def fetch(self, ref: ChartReference) -> ChartSource: ...


class Values(Protocol):
    async def user_values(self, release: Release, chart: ChartSource | None = None) -> UserValues: ...

    async def explain(self, release: Release, chart: ChartSource) -> Explanation: ...


class Gathering:
    """Gathers the inputs of one environment's releases, for one run."""

    def __init__(self, environment: Environment, charts: ChartShelf, values: Values, root: str) -> None:
        self._environment = environment
        self._charts = charts
        self._values = values
        self._root = Path(root)

    async def __call__(self, release: Release, capabilities: Capabilities) -> ReleaseInputs:
        """Raises `UserError` for what the author must fix, `Transient` for a place that does not answer."""
        chart = await self._charts.fetch(release.chart) if release.chart is not None else None
        values = await self._values.user_values(release, chart)
        files = await asyncio.to_thread(self._read, release) if release.resource_files else ()
        return gather(
            self._environment,
            release,
            values=values.values,
            chart=chart,
            files=files,
            capabilities=capabilities,
        )

    async def written(self, release: Release) -> tuple[Written, ...]:
        """Every value of a release with its line, secrets left out; nothing for plain files."""
        if release.chart is None:
            return ()
        explanation = await self._values.explain(release, await self._charts.fetch(release.chart))
        return tuple(
            Written(tuple(map(str, path)), origins[0].value, origins[0].position)
            for path, origins in explanation.provenance.items()
            if path not in explanation.secret_paths
        )

    def _read(self, release: Release) -> tuple[PlainFile, ...]:
        files: list[PlainFile] = []
        for name in release.resource_files:
            path = Path(name)
            try:
                text = path.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(f"resource file {name} can't be read: {error}", where=release.position) from error
            shown = path.relative_to(self._root) if path.is_relative_to(self._root) else path
            files.append(PlainFile(shown.as_posix(), text))
        return tuple(files)
