"""A chart's own values.yaml files, read once per run; only where they matter: explaining, and `listMerge`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from fairway.domain.charts.archive import read_archive
from fairway.domain.charts.rendering import ChartSource
from fairway.domain.values.charts import ChartDefaults, chart_defaults
from fairway.services.values.ports import FolderReader
from fairway.services.values.reading import ValueFiles


@dataclass(slots=True)
class ChartFiles:
    folders: FolderReader
    files: ValueFiles
    """Knows how paths are shown."""
    _read: dict[tuple[str, str], ChartDefaults] = field(default_factory=dict)

    async def defaults(self, chart: ChartSource, folder: str = "") -> ChartDefaults:
        """The defaults of a chart and its sub-charts. `folder`: what people edit, when the chart was packed from one.

        Positions in a chart that has no folder start with its archive's usual name: `redis-1.2.3.tgz/values.yaml`.
        """
        key = (chart.digest, folder)
        if key not in self._read:
            self._read[key] = await self._defaults(chart, folder)
        return self._read[key]

    async def _defaults(self, chart: ChartSource, folder: str) -> ChartDefaults:
        path = Path(chart.path)
        if await asyncio.to_thread(path.is_dir):
            files = await self.folders.read(path)
            origin = self.files.label(folder or chart.path)
        else:
            data = await asyncio.to_thread(path.read_bytes)
            files = read_archive(data, chart.origin)
            origin = self.files.label(folder) if folder else f"{chart.name}-{chart.version}.tgz"
        return await asyncio.to_thread(chart_defaults, files, origin)
