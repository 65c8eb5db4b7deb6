"""Which failed upgrades are taken back: Fairway's own, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.unit.services.agent.conftest import Bench
from tests.unit.services.upgrades.conftest import OfferedCharts, Shop

from fairway.adapters.charts.cache import FileCache
from fairway.adapters.charts.folders import DiskFolders
from fairway.adapters.registry.memory import MemoryRegistry
from fairway.domain.configuration.upgrades import UpgradesSection
from fairway.domain.errors import Terminal, Transient
from fairway.domain.progress import Outcome
from fairway.domain.repository.models import Repository
from fairway.domain.upgrades.reverted import Commit
from fairway.services.agent.answering import Answering
from fairway.services.agent.carrying import Pass
from fairway.services.agent.passing import PassDone
from fairway.services.charts import Charts
from fairway.services.engine.carrying import Result
from fairway.services.engine.run_result import RunResult
from fairway.services.loading import load_repository
from fairway.services.upgrades.changes import RevertChange
from fairway.services.upgrades.checking import Upgrades
from fairway.services.writing.writer import Writer

RELEASES = """\
releases:
  - name: web
    chart: {dir: chart}
    triggers: [{image: {track: PatchLevel}}]
"""
CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
UPGRADE = Commit("u" * 40, "Fairway", "web 1.0.1", (("Fairway-Upgrade", "prod/web image.tag 1.0.0 1.0.1"),))
HUMAN = Commit("a" * 40, "Ada", "More replicas")
ROLLED_BACK = Result(Outcome.FAILED, 3, ("crash loop",), kept_revision=1, error=Terminal("crash loop"))


@dataclass
class Log:
    """Newest first."""

    commits: Sequence[Commit]

    async def recent(self, limit: int) -> Sequence[Commit]:
        return self.commits[:limit]


async def reverts(
    bench: Bench,
    log: Sequence[Commit],
    touched: set[str],
    result: Result = ROLLED_BACK,
    *,
    releases: str = RELEASES,
    chart: str = CHART,
) -> list[RevertChange]:
    bench.write(web="1")
    shop = Shop(bench.folder, MemoryRegistry(), OfferedCharts(Charts({}, DiskFolders(), FileCache(bench.folder / "c"))))
    shop.write("chart/Chart.yaml", chart)
    shop.write("releases.yaml", releases)
    repository = load_repository(bench.folder / "environments.yaml")

    @asynccontextmanager
    async def newest() -> AsyncIterator[Repository]:
        yield repository

    @asynccontextmanager
    async def opened(repository: Repository) -> AsyncIterator[Upgrades]:
        yield shop.upgrades

    unused: Any = None
    writer = Writer(UpgradesSection(), unused)
    answering = Answering(writer, newest, opened, lambda folder: Log(log), bench.clock.now)
    what = Pass(unused, repository.environments[0], None)
    done = PassDone(what, RunResult("prod", {"web": result}), False, {"web": frozenset(touched)} if touched else {})
    return await answering.answer(done)


async def answers(
    bench: Bench, log: Sequence[Commit], touched: set[str], result: Result = ROLLED_BACK
) -> list[tuple[str, str, str]]:
    return [(one.key, one.from_version, one.to_version) for one in await reverts(bench, log, touched, result)]


BACK = [("prod/web image.tag", "1.0.1", "1.0.0")]


@pytest.mark.parametrize(
    ("log", "touched", "expected"),
    [
        ([UPGRADE, HUMAN], {UPGRADE.id}, BACK),
        ([HUMAN, UPGRADE], {HUMAN.id}, []),
        ([HUMAN, UPGRADE], {HUMAN.id, UPGRADE.id}, []),
        ([HUMAN, UPGRADE], {UPGRADE.id}, BACK),
        # After a restart: only what is certain.
        ([UPGRADE, HUMAN], set(), BACK),
        ([HUMAN, UPGRADE], set(), []),
        ([HUMAN], {HUMAN.id}, []),
    ],
)
async def test_only_what_fairway_wrote_and_no_human_touched_is_taken_back(
    bench: Bench, log: list[Commit], touched: set[str], expected: list[tuple[str, str, str]]
) -> None:
    assert await answers(bench, log, touched) == expected


@pytest.mark.parametrize(
    "result",
    [
        Result(Outcome.FAILED, 3, ("no answer",), kept_revision=1, error=Transient("no answer")),
        Result(Outcome.FAILED, 1, ("crash loop",), error=Terminal("crash loop")),
        Result(Outcome.REFUSED, 3, ("it waits for others",)),
        Result(Outcome.UPGRADED, 3),
    ],
    ids=["a reason that passes", "nothing to go back to", "stalled", "all is well"],
)
async def test_nothing_is_taken_back_unless_it_failed_by_itself_and_was_rolled_back(
    bench: Bench, result: Result
) -> None:
    assert await answers(bench, [UPGRADE], {UPGRADE.id}, result) == []


async def test_what_was_taken_back_already_is_not_taken_back_again(bench: Bench) -> None:
    revert = Commit("r" * 40, "Fairway", "web back", (("Fairway-Revert", "prod/web image.tag 1.0.1 1.0.0"),))
    assert await answers(bench, [revert, UPGRADE], {revert.id}) == []


async def test_the_hold_is_about_the_image_that_was_upgraded(bench: Bench) -> None:
    named = RELEASES + '    values: [{key: image.repository, value: shop/web}, {key: image.tag, value: "1.0.1"}]\n'
    (one,) = await reverts(bench, [UPGRADE], {UPGRADE.id}, releases=named)
    assert (one.hold.name, one.hold.version) == ("shop/web", "1.0.1")


async def test_without_its_name_whatever_has_the_version_is_held(bench: Bench) -> None:
    (one,) = await reverts(bench, [UPGRADE], {UPGRADE.id})
    assert (one.hold.name, one.hold.version) == ("", "1.0.1")


async def test_what_a_chart_depends_on_is_taken_back_too(bench: Bench) -> None:
    key = "dependencies.redis.version"
    upgrade = Commit("d" * 40, "Fairway", "redis", (("Fairway-Upgrade", f"prod/web {key} 19.0.0 19.6.4"),))
    releases = "releases: [{name: web, chart: {dir: chart}, triggers: [{chart: {track: MinorVersion}}]}]\n"
    chart = CHART + 'dependencies: [{name: redis, version: 19.6.4, repository: "https://charts.example"}]\n'
    (one,) = await reverts(bench, [upgrade], {upgrade.id}, releases=releases, chart=chart)
    assert (one.key, one.to_version) == (f"prod/web {key}", "19.0.0")
    assert one.hold.name == "https://charts.example/redis"
