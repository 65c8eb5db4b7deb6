"""The parts of fetching that no place decides."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.charts import chart_archive

from fairway.adapters.charts.cache import FileCache
from fairway.adapters.charts.folders import DiskFolders
from fairway.domain.charts.sources import Identity, Resolved, Unreachable
from fairway.domain.errors import Diagnostic, Position, UserError
from fairway.domain.repository.models import ChartKind, ChartReference
from fairway.services.charts import Charts


class Shelf:
    """A place in memory. Each answer waits for `gate`; `problem` is raised instead of one."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.problem: Exception | None = None
        self.at_once = self.most_at_once = self.resolved = 0

    def identify(self, ref: ChartReference) -> Identity:
        return Identity(f"shelf|{ref.location}|{ref.version}", ref.version == "1.0.0")

    async def resolve(self, ref: ChartReference) -> Resolved:
        self.resolved += 1
        await self._work()
        return Resolved(f"shelf|{ref.location}|1.0.0", "1.0.0", ref.location)

    async def fetch(self, chart: Resolved, scratch: Path) -> bytes:
        await self._work()
        return chart_archive(chart.location)

    async def versions(self, ref: ChartReference) -> list[str]:
        await self._work()
        return ["1.0.0"]

    async def _work(self) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.gate.wait()
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.problem:
            raise self.problem


class Told:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.first = asyncio.Event()

    def progress(self, text: str) -> None:
        self.texts.append(text)
        self.first.set()

    def warn(self, warning: Diagnostic) -> None:
        self.texts.append(warning.message)


def ref(name: str = "web", version: str | None = "1.0.0", line: int = 1) -> ChartReference:
    return ChartReference(ChartKind.S3, name, version, Position("releases.yaml", line, 1))


def charts(tmp_path: Path, shelf: Shelf, notices: Told | None = None) -> Charts:
    return Charts({ChartKind.S3: shelf}, DiskFolders(), FileCache(tmp_path), notices=notices)


async def test_what_takes_long_is_told(tmp_path: Path) -> None:
    shelf, told = Shelf(), Told()
    shelf.gate.clear()
    async with charts(tmp_path, shelf, told) as service:
        fetching = asyncio.ensure_future(service.fetch(ref()))
        await told.first.wait()
        assert told.texts == ["looking up web 1.0.0"]
        shelf.gate.set()
        assert (await fetching).name == "web"


async def test_what_is_quick_is_not_told(tmp_path: Path) -> None:
    told = Told()
    async with charts(tmp_path, Shelf(), told) as service:
        await service.fetch(ref())
    assert told.texts == []


async def test_few_places_are_asked_at_once(tmp_path: Path) -> None:
    shelf = Shelf()
    async with charts(tmp_path, shelf) as service:
        await asyncio.gather(*(service.fetch(ref(f"chart-{number}")) for number in range(40)))
    assert 1 < shelf.most_at_once <= 8


async def test_each_release_hears_of_a_problem_at_its_own_place(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.problem = UserError("no such chart", fix="look again")
    async with charts(tmp_path, shelf) as service:
        work = [service.fetch(ref(line=line)) for line in (3, 7)]
        errors = await asyncio.gather(*work, return_exceptions=True)
    assert [str(error) for error in errors] == [f"releases.yaml:{line}:1: no such chart" for line in (3, 7)]
    assert shelf.resolved == 1


async def test_a_place_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.problem = Unreachable("gone")
    async with charts(tmp_path, shelf) as service:
        with pytest.raises(Unreachable):
            await service.versions(ref())
        shelf.problem = None
        assert await service.versions(ref()) == ["1.0.0"]


async def test_a_range_that_moved_back_to_a_known_chart_needs_no_download(tmp_path: Path) -> None:
    shelf = Shelf()
    async with charts(tmp_path, shelf) as service:
        exact = await service.fetch(ref())
        moving = await service.fetch(ref(version="^1"))
    assert (exact.digest, exact.path) == (moving.digest, moving.path)
    assert moving.origin == "web ^1"


async def test_notes_of_an_older_fairway_are_made_afresh(tmp_path: Path) -> None:
    shelf = Shelf()
    async with charts(tmp_path, shelf) as service:
        first = await service.fetch(ref())
    for file in (tmp_path / "keys").iterdir():
        file.write_text(file.read_text().replace('"format": ', '"format": 9'))
    async with charts(tmp_path, shelf) as service:
        assert await service.fetch(ref()) == first
    assert shelf.resolved == 2


async def test_leaving_stops_what_is_still_under_way(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.gate.clear()
    async with charts(tmp_path, shelf) as service:
        fetching = asyncio.ensure_future(service.fetch(ref()))
        while not shelf.at_once:
            await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert not list((tmp_path / "tmp").glob("*"))
