"""What a value of a release is right now, and which layers say so; asked again before it is edited."""

from __future__ import annotations

from dataclasses import dataclass, field

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import Position
from fairway.domain.repository.models import CHART_VERSION, ChartKind, Environment, Release
from fairway.domain.values.explaining import Explanation
from fairway.domain.values.paths import parse_key
from fairway.domain.values.tracing import Origin
from fairway.domain.yaml.scalars import scalar_text
from fairway.services.upgrades.checking import Upgrades, Values
from fairway.services.upgrades.dependencies import dependency_origins
from fairway.services.upgrades.objects import Objects


@dataclass(frozen=True, slots=True)
class Standing:
    """`text` as it is written, with its digest; empty when nothing says it."""

    text: str
    where: Position
    origins: tuple[Origin, ...] = ()
    """Strongest first."""


@dataclass(slots=True)
class Standings:
    """Values of a repository as it is now, for one round of edits; what releases share is read once."""

    upgrades: Upgrades
    _values: dict[str, Values] = field(default_factory=dict)

    async def of(self, environment: Environment, release: Release, key: str) -> Standing:
        """The value `key`, a dotted path or `chart.version`. Raises as `Charts.fetch` and `ReleaseValues.explain`."""
        chart = release.chart
        if chart is None:
            origin = Objects.read(release).origin(key, release.position)
            return Standing(scalar_text(origin.value), origin.position, (origin,))
        if release.chart_triggers and chart.kind is ChartKind.DIRECTORY:
            followed = dependency_origins(release).get(key)
            if followed is not None:
                item, origin = followed
                return Standing(item.version, origin.position, (origin,))
        if key == CHART_VERSION:
            return Standing(chart.version or "", chart.position)
        explanation, source = await self.explained(environment, release)
        path = parse_key(key, release.position)
        node = explanation.root.at(path)
        text = ""
        if node is not None and isinstance(node.value, str | int | float | bool):
            text = scalar_text(node.value) or source.app_version or ""  # charts mean their appVersion by an empty tag
        origins = explanation.provenance.get(path, ())
        return Standing(text, origins[0].position if origins else release.position, origins)

    async def explained(self, environment: Environment, release: Release) -> tuple[Explanation, ChartSource]:
        """All values of a release that has a chart, and the chart. Raises as `of`."""
        if environment.name not in self._values:
            self._values[environment.name] = self.upgrades.values(environment)
        assert release.chart is not None
        source = await self.upgrades.charts.fetch(release.chart)
        return await self._values[environment.name].explain(release, source), source
