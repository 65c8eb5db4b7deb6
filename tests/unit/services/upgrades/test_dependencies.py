"""Chart triggers of charts in folders follow dependencies with an exact version, in Chart.yaml and Chart.lock."""

from __future__ import annotations

import pytest
from tests.unit.services.upgrades.conftest import ENVIRONMENTS, Shop
from tests.unit.services.upgrades.test_changes import changes

from fairway.domain.charts.dependencies import declared, lock_digest, pinned, read_lock
from fairway.services.upgrades.patching import patch

RELEASES = """\
releases:
  - name: web
    chart: {dir: chart}
    trigger: {chart: {track: MinorVersion}}
"""
CHART = """\
apiVersion: v2
name: chart
version: 1.0.0
dependencies:
  - name: redis
    version: 19.0.0   # with sentinel
    repository: "@stable"
  - {name: postgres, version: "15.0.0", repository: "https://pg.example", alias: db}
  - {name: common, version: 2.x, repository: "@stable"}
  - {name: own, version: 1.0.0, repository: file://../own}
"""
URLS = {"stable": "https://charts.example"}


def lock_of(chart: str) -> str:
    """As helm dependency update writes it; a range is the version that it found."""
    dependencies = declared({"Chart.yaml": chart.encode()}, "v2", "chart")
    entries = "".join(
        f"- name: {one.name}\n  repository: {URLS['stable'] if one.repository_name else one.repository}\n"
        f"  version: {'2.4.0' if one.version == '2.x' else one.version}\n"
        for one in dependencies
    )
    text = f"dependencies:\n{entries}"
    unsigned = read_lock({"Chart.lock": text.encode()}, "v2", "chart")
    assert unsigned is not None
    resolved = declared({"Chart.yaml": chart.replace("@stable", URLS["stable"]).encode()}, "v2", "chart")
    digest = lock_digest(resolved, unsigned.dependencies)
    return f'{text}digest: {digest}\ngenerated: "2026-05-01T12:00:00Z"\n'


@pytest.fixture
def chart(shop: Shop) -> Shop:
    shop.write("releases.yaml", RELEASES)
    shop.write("chart/Chart.yaml", CHART)
    shop.charts.offered["stable/redis"] = ["19.0.0", "19.6.4", "20.0.0"]
    shop.charts.offered["https://pg.example/postgres"] = ["15.0.0", "15.5.1"]
    return shop


NEW = CHART.replace("version: 19.0.0 ", "version: 19.6.4 ").replace('"15.0.0"', '"15.5.1"')


async def test_exact_versions_are_followed_and_ranges_and_folders_are_not(chart: Shop) -> None:
    report = await chart.check()
    assert [(look.watch.key, look.watch.name, look.new) for look in report.looks] == [
        ("dependencies.redis.version", "stable/redis", "19.6.4"),
        ("dependencies.db.version", "https://pg.example/postgres", "15.5.1"),
    ]
    assert str(report.looks[0].watch.where).endswith("chart/Chart.yaml:6:14")
    assert (report.problems, len((await chart.patch(report)).edited)) == ((), 2)
    assert chart.read("chart/Chart.yaml") == NEW
    assert (await chart.check()).upgrades == ()


async def test_the_lock_goes_along_and_still_belongs_to_its_chart(chart: Shop) -> None:
    before = lock_of(CHART)
    chart.write("chart/Chart.lock", before)
    patched = await chart.patch(await chart.check())
    assert [name.rpartition("/")[2] for name in patched.files] == ["Chart.yaml", "Chart.lock"]
    assert chart.read("chart/Chart.lock") == lock_of(NEW) != before
    files = {name: chart.read(f"chart/{name}").encode() for name in ("Chart.yaml", "Chart.lock")}
    versions = [one.version for one in pinned(declared(files, "v2", ""), read_lock(files, "v2", ""), URLS)]
    assert versions == ["19.6.4", "15.5.1", "2.4.0", "1.0.0"]


async def test_a_change_names_both_files(chart: Shop) -> None:
    chart.write("chart/Chart.lock", lock_of(CHART))
    first, second = await changes(chart)
    edited = await first.make(chart.repository)
    assert edited is not None
    assert [path.name for path in edited.files] == ["Chart.yaml", "Chart.lock"]
    assert edited.trailers == (("Fairway-Upgrade", "prod/web dependencies.redis.version 19.0.0 19.6.4"),)
    assert await second.make(chart.repository) is not None
    assert chart.read("chart/Chart.lock") == lock_of(NEW)
    assert await first.make(chart.repository) is None


async def test_a_lock_that_does_not_belong_to_its_chart_is_not_touched(chart: Shop) -> None:
    stale = lock_of(CHART).replace("digest: sha256:", "digest: sha256:0")
    chart.write("chart/Chart.lock", stale)
    patched = await chart.patch(await chart.check())
    assert (patched.edited, patched.files) == ((), ())
    assert all("the lock does not belong to this Chart.yaml" in str(one.error) for one in patched.not_edited)
    assert (chart.read("chart/Chart.yaml"), chart.read("chart/Chart.lock")) == (CHART, stale)


@pytest.mark.parametrize("vendored", ["charts/redis-19.0.0.tgz", "charts/redis/Chart.yaml"])
async def test_what_lies_under_charts_is_refused(vendored: str, chart: Shop) -> None:
    report = await chart.check()
    chart.write(f"chart/{vendored}", "")
    patched = await chart.patch(report)
    (refused,) = patched.not_edited
    assert "is what is installed, whatever version stands here" in str(refused.error)
    assert [look.watch.key for look in patched.edited] == ["dependencies.db.version"]


async def test_a_chart_of_several_releases_is_changed_only_for_all_of_them(chart: Shop) -> None:
    quiet = "  - {name: quiet, chart: {dir: chart}}\n"
    chart.write("releases.yaml", RELEASES + quiet)
    patched = await chart.patch(await chart.check())
    assert "holds the values of other releases too: quiet" in str(patched.not_edited[0].error)
    assert chart.read("chart/Chart.yaml") == CHART
    chart.write("releases.yaml", RELEASES + quiet.replace("}}", "}, trigger: {chart: {track: MinorVersion}}}"))
    assert len((await chart.patch(await chart.check())).edited) == 4
    assert chart.read("chart/Chart.yaml") == NEW


async def test_a_chart_without_such_dependencies_is_told_at_the_trigger(shop: Shop) -> None:
    shop.write("environments.yaml", ENVIRONMENTS)
    shop.write("releases.yaml", RELEASES)
    (problem,) = (await shop.check()).problems
    assert "releases.yaml:4:" in str(problem.error)
    assert "its chart has no dependency with an exact version" in str(problem.error)


async def test_a_dependency_cannot_be_locked(chart: Shop) -> None:
    report = await chart.check()
    patched = await patch(chart.repository, report.upgrades, chart.folder, lock=True)
    assert all("cannot be locked" in str(one.error) for one in patched.not_edited)
    assert (len(patched.not_edited), chart.read("chart/Chart.yaml")) == (2, CHART)
