"""A repository of real files, a registry in memory, and chart versions that a test names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairway.adapters.charts.cache import FileCache
from fairway.adapters.charts.folders import DiskFolders
from fairway.adapters.registry.memory import MemoryRegistry
from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import UserError
from fairway.domain.repository.models import ChartReference, Environment, Repository
from fairway.domain.values.secrets import SecretRegister
from fairway.services.charts import Charts
from fairway.services.loading import read_repository
from fairway.services.upgrades.checking import Held, Report, Upgrades, Wanted, nothing_held
from fairway.services.upgrades.patching import Patched, patch
from fairway.services.upgrades.pulling import NoPullSecrets, PullSecrets
from fairway.services.values.chart_files import ChartFiles
from fairway.services.values.reading import ValueFiles
from fairway.services.values.resolving import ReleaseValues
from fairway.services.values.sources import SourcePorts

MAY = datetime(2026, 5, 1, tzinfo=UTC)

ENVIRONMENTS = """\
clusters: [{name: local, provider: {devcluster: {}}}]
helmRepos: [{name: stable, url: "https://charts.example"}]
environments:
  - name: prod
    clusterName: local
    kubeNamespace: prod
    releasesFiles: [releases.yaml]
"""
WEB = """\
releases:
  - name: web
    chart: {dir: chart}
    values:
      - {key: image.repository, value: shop/web}
      - {key: image.tag, value: "1.0.0"}
    triggers:
      - image: {track: PatchLevel}
"""


@dataclass
class OfferedCharts:
    """Chart folders from disk; versions of everything else as a test says."""

    inner: Charts
    offered: dict[str, Sequence[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, ref: ChartReference) -> ChartSource:
        return await self.inner.fetch(ref)

    async def versions(self, ref: ChartReference) -> list[str]:
        self.asked.append(ref.location)
        if ref.location not in self.offered:
            raise UserError(f"there is no chart {ref.location}")
        return list(self.offered[ref.location])


@dataclass
class Shop:
    """`folder` holds the repository; positions are relative to it."""

    folder: Path
    registry: MemoryRegistry
    charts: OfferedCharts
    variables: dict[str, str] = field(default_factory=dict)
    held: Held = nothing_held
    pull_secrets: PullSecrets = field(default_factory=NoPullSecrets)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode()

    @property
    def repository(self) -> Repository:
        return read_repository(self.folder / "environments.yaml", self.folder).complete()

    @property
    def upgrades(self) -> Upgrades:
        def values(environment: Environment) -> ReleaseValues:
            files = ValueFiles(shown_from=self.folder)
            ports = SourcePorts(self.variables, None, _NoAddresses(), offline=True)
            charts = ChartFiles(DiskFolders(), files)
            return ReleaseValues(environment, ports=ports, files=files, charts=charts, register=SecretRegister())

        return Upgrades(self.registry, self.charts, values, self.held, self.pull_secrets)

    async def check(self, *environments: str, wanted: Wanted = Wanted()) -> Report:
        found = self.repository.environments
        return await self.upgrades.check([one for one in found if one.name in environments or not environments], wanted)

    async def patch(self, report: Report) -> Patched:
        return await patch(self.repository, report.upgrades, self.folder)

    async def poll(self, *environments: str) -> Patched:
        return await self.patch(await self.check(*environments))


class _NoAddresses:
    async def address(self, project: str, name: str, region: str | None) -> str:
        raise AssertionError("offline: nobody is asked")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    folder = tmp_path / "shop"
    folder.mkdir()
    charts = Charts({}, DiskFolders(), FileCache(tmp_path / "cache"))
    made = Shop(folder, MemoryRegistry(), OfferedCharts(charts))
    made.write("environments.yaml", ENVIRONMENTS)
    made.write("releases.yaml", WEB)
    made.write("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\nappVersion: 7.0.0\n")
    made.write("chart/values.yaml", "image:\n  repository: x\n  tag: ''\n")
    for tag in ("1.0.0", "1.0.1", "1.1.0", "2.0.0"):
        made.registry.push("docker.io/shop/web", tag, MAY)
    return made
