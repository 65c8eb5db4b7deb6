"""Looks for upgrades: each registry that does not answer is told by itself, and by itself it is well again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.services.agent.conftest import ManualClock
from tests.unit.services.upgrades.conftest import MAY, OfferedCharts, Shop

from fairway.adapters.charts.cache import FileCache
from fairway.adapters.charts.folders import DiskFolders
from fairway.adapters.registry.memory import MemoryRegistry
from fairway.domain.configuration.upgrades import UpgradesSection
from fairway.domain.errors import Position, Transient
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.repository.models import ChartKind, ChartReference, Repository
from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.upgrades.images import parse_image
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.services.agent.registries import place_of
from fairway.services.agent.troubles import Troubles
from fairway.services.agent.upgrading import Upgrading
from fairway.services.charts import Charts
from fairway.services.intake.pending import Woken
from fairway.services.upgrades.checking import Look, Upgrades
from fairway.services.writing.changes import Change
from fairway.services.writing.writer import Writer

RELEASE = """\
  - name: {name}
    chart: {{dir: chart}}
    values: [{{key: image.repository, value: {image}}}, {{key: image.tag, value: "1.0.0"}}]
    triggers: [{{image: {{track: PatchLevel}}}}]
"""
HOSTS = {"web": "one.example", "api": "two.example", "jobs": "one.example"}


class PartlyAway(MemoryRegistry):
    """The images of some hosts cannot be asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.away: set[str] = set()

    async def tags(self, repository: str) -> list[str]:
        if repository.partition("/")[0] in self.away:
            raise Transient(f"no answer about {repository}")
        return await super().tags(repository)


class Bench:
    """Upgrades are looked for, and what is found is written nowhere."""

    def __init__(self, base: Path) -> None:
        folder = base / "shop"
        folder.mkdir()
        self.registry = PartlyAway()
        self.shop = Shop(folder, self.registry, OfferedCharts(Charts({}, DiskFolders(), FileCache(base / "cache"))))
        (folder / "environments.yaml").write_text(
            "clusters: [{name: local, provider: {devcluster: {}}}]\n"
            "environments: [{name: prod, clusterName: local, kubeNamespace: prod, releasesFiles: [releases.yaml]}]\n"
        )
        self.shop.write("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n")
        self.shop.write("chart/values.yaml", "image: {repository: x, tag: ''}\n")
        self.declare(*HOSTS)
        nowhere: Any = None
        self.writer = Writer(UpgradesSection(), nowhere)
        self.told: list[Happening] = []
        clock = ManualClock()
        self.troubles = Troubles(clock.now, self.told.append)
        self.upgrading = Upgrading(
            self,
            looks_after=lambda repository: repository.environments,
            leads=lambda: True,
            every=timedelta(hours=1),
            trust_events=False,
            clock=clock,
            troubles=self.troubles,
            chance=lambda: 0.5,
        )

    def declare(self, *names: str) -> None:
        entries = [RELEASE.format(name=name, image=f"{HOSTS[name]}/{name}") for name in names]
        self.shop.write("releases.yaml", "releases:\n" + "".join(entries))
        for name in names:
            self.registry.push(f"{HOSTS[name]}/{name}", "1.0.0", MAY)

    @asynccontextmanager
    async def newest(self) -> AsyncIterator[Repository]:
        yield self.shop.repository

    def upgrades(self, repository: Repository) -> AbstractAsyncContextManager[Upgrades]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Upgrades]:
            yield self.shop.upgrades

        return opened()

    def changes(self, looks: Iterable[Look], told: Iterable[Upgrade]) -> Sequence[Change]:
        return ()

    async def look(self, *away: str) -> set[str]:
        """What is in trouble after a look at everything."""
        self.registry.away = set(away)
        await self.upgrading.check()
        return set(self.troubles.known)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_each_registry_that_does_not_answer_is_told_once(bench: Bench) -> None:
    assert await bench.look("one.example") == {"registry one.example"}
    assert await bench.look("one.example", "two.example") == {"registry one.example", "registry two.example"}
    assert await bench.look("two.example") == {"registry two.example"}
    assert await bench.look() == set()
    assert [(one.kind, one.title.partition(" answers")[0].partition(" does")[0]) for one in bench.told] == [
        (EventKind.SOURCE_FAILED, "registry one.example"),
        (EventKind.SOURCE_FAILED, "registry two.example"),
        (EventKind.SOURCE_RECOVERED, "registry one.example"),
        (EventKind.SOURCE_RECOVERED, "registry two.example"),
    ]


async def test_a_look_at_one_registry_says_nothing_of_another(bench: Bench) -> None:
    await bench.look("one.example")
    pushed = ImagePushed("two.example/api", "1.0.1", "", MAY, "test", "1")
    bench.upgrading.pushed(Woken(images=(pushed,)))
    await bench.upgrading.hear()
    assert set(bench.troubles.known) == {"registry one.example"}


async def test_a_registry_that_nobody_asks_any_more_is_no_trouble(bench: Bench) -> None:
    await bench.look("two.example")
    bench.declare("web", "jobs")
    assert await bench.look("two.example") == set()


@pytest.mark.parametrize(
    ("kind", "location", "place"),
    [
        (ChartKind.OCI, "oci://ghcr.io/shop/web", "registry ghcr.io"),
        (ChartKind.REPOSITORY, "stable/redis", "chart repository stable"),
        (ChartKind.HTTP, "https://me:secret@charts.example/web-1.tgz", "chart repository charts.example"),
        (ChartKind.S3, "s3://bucket/charts/web", "chart repository bucket"),
        (ChartKind.DIRECTORY, "/shop/chart", ""),
    ],
)
def test_charts_come_from_a_host_too(kind: ChartKind, location: str, place: str) -> None:
    assert place_of(ChartReference(kind, location, "1.0.0", Position("releases.yaml"))) == place


def test_an_image_without_a_host_is_one_of_docker_hub() -> None:
    assert place_of(parse_image("nginx")) == "registry docker.io"
