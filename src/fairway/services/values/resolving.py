"""The values of an environment's releases: the way the engine asks for them.

One rule: `user_values` is on the hot path of every run, so it asks and parses nothing twice and never makes positions;
where each value comes from is computed only by `explain`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import FairwayError
from fairway.domain.repository.models import ChartKind, ChartValue, Environment, Release
from fairway.domain.values.assignments import Assignment, assignment, locked_assignments
from fairway.domain.values.coalescing import coalesced_defaults
from fairway.domain.values.explaining import Explanation, explain
from fairway.domain.values.interpolation import RELEASE, has_placeholder
from fairway.domain.values.layers import EnvironmentLayers, ReleaseLayers, UserValues
from fairway.domain.values.outputs import KIND as OUTPUT
from fairway.domain.values.secrets import SecretRegister
from fairway.services.values.chart_files import ChartFiles
from fairway.services.values.reading import ValueFiles
from fairway.services.values.sources import SourcePorts, Sources


class ReleaseValues:
    """Values of the releases of one environment, for one run.

    Secrets that are met on the way are added to `register`.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        ports: SourcePorts,
        files: ValueFiles,
        charts: ChartFiles,
        register: SecretRegister,
    ) -> None:
        self._environment = environment
        self._ports = ports
        self._files = files
        self._charts = charts
        self._register = register
        self._sources = Sources(environment, ports)
        self._places = {
            "environment": environment.name,
            "namespace": environment.namespace,
            "cluster": environment.cluster.name,
        }
        self._prepared: asyncio.Future[EnvironmentLayers] | None = None

    async def user_values(self, release: Release, chart: ChartSource | None = None) -> UserValues:
        """What is passed to the renderer for a release: all layers above the chart, merged.

        `chart` is needed only by releases with `listMerge`, whose lists start from the chart's. Raises UserError,
        InvalidInput, Transient (a source did not answer), OutputPending (known once another release is applied).
        """
        environment = await self.environment_layers(release)
        layers = await self.release_layers(release)
        defaults = None
        if release.list_merge and chart is not None:
            defaults = coalesced_defaults(await self._charts.defaults(chart))
        values = environment.merge(layers, defaults)
        self._register.add_values(values.values, values.secret_paths)
        return values

    async def explain(self, release: Release, chart: ChartSource) -> Explanation:
        """The final values of a release, the chart's defaults included, and where each comes from. Raises as above."""
        environment = await self.environment_layers(release)
        layers = await self.release_layers(release)
        explanation = explain(environment, layers, await self._charts.defaults(chart, _folder(release)))
        self._register.add_values(explanation.values, explanation.secret_paths)
        return explanation

    async def environment_layers(self, release: Release) -> EnvironmentLayers:
        """The environment's layers: the same object for all releases, unless a source depends on the release."""
        if release.skip_default_values:
            return EnvironmentLayers(None, ())
        if any(map(_differs_by_release, self._environment.default_values)):
            return await self._environment_layers(release.name)
        if self._prepared is None:
            self._prepared = asyncio.ensure_future(self._environment_layers(""))
        try:
            return await asyncio.shield(self._prepared)
        except FairwayError:
            self._prepared = None
            raise

    async def release_layers(self, release: Release) -> ReleaseLayers:
        file = await self._files.document(release.values_file, release.position) if release.values_file else None
        assignments = [item.for_release(release.name) for item in await self._assignments(release.values, release.name)]
        locked = locked_assignments(release)
        return ReleaseLayers(release.name, file, assignments, release.skip_default_values, release.list_merge, locked)

    async def _environment_layers(self, release: str) -> EnvironmentLayers:
        path = self._environment.default_values_file
        file = await self._files.document(path, self._environment.position) if path else None
        return EnvironmentLayers(file, await self._assignments(self._environment.default_values, release))

    async def _assignments(self, values: Sequence[ChartValue], release: str) -> list[Assignment]:
        """Prepared assignments in the order written; sources are asked at the same time."""
        asked = [item.value_from for item in values if item.value_from is not None]
        found = iter(await asyncio.gather(*(self._sources.resolve(source, release) for source in asked)))
        prepared: list[Assignment] = []
        for item in values:
            sourced = next(found) if item.value_from is not None else None
            if item.value_from is None or sourced is not None:
                prepared.append(assignment(item, variables=self._ports.variables, places=self._places, sourced=sourced))
        return prepared


def _folder(release: Release) -> str:
    """The folder that a person edits, also where the chart was completed into an archive."""
    return release.chart.location if release.chart and release.chart.kind is ChartKind.DIRECTORY else ""


def _differs_by_release(item: ChartValue) -> bool:
    source = item.value_from
    return source is not None and (source.kind == OUTPUT or has_placeholder(dict(source.settings), RELEASE))
