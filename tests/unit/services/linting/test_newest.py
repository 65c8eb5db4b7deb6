"""A reference without a version is told the newest one, when its place can be asked."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.chart_servers import WebServer, web_server
from tests.support.charts import chart_archive

from fairway import wiring
from fairway.adapters.charts.web import Patience
from fairway.domain.repository.models import HelmRepo
from fairway.services.charts import Charts
from fairway.services.linting import lint
from fairway.services.linting.newest import NewestVersions
from fairway.settings import load_settings

MAIN = """\
helmRepos: [{{name: stable, url: "{url}"}}]
clusters: [{{name: local, provider: {{minikube: {{}}}}}}]
environments: [{{name: prod, clusterName: local, kubeNamespace: shop, releasesFiles: [r.yaml]}}]
"""


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


async def fixes(folder: Path, url: str, releases: str, *, patience: float = 5.0) -> list[str | None]:
    """The fixes that lint gives for some release entries."""
    (folder / "environments.yaml").write_text(MAIN.format(url=url))
    (folder / "r.yaml").write_text(releases)
    settings = load_settings({"HOME": str(folder), "FAIRWAY_CACHE_DIR": str(folder / "cache"), "USER": "tests"})

    @asynccontextmanager
    async def opened(repos: Sequence[HelmRepo]) -> AsyncIterator[Charts]:
        async with wiring.chart_service(settings, repos, env={}, patience=Patience(attempts=1)) as charts:
            yield charts

    report = await lint(folder / "environments.yaml", (), folder, NewestVersions(opened, patience))
    return [one.fix for one in report.diagnostics if one.rule == "missing-chart-version"]


async def test_the_newest_version_of_the_repository_is_named(tmp_path: Path, web: WebServer) -> None:
    for version in ("1.2.0", "1.10.0", "2.0.0-rc.1"):
        web.publish("web", version, chart_archive())
    releases = (
        "templates: {t: {chart: {reference: stable/web}}}\n"
        "releases:\n  - {name: a, chart: {reference: stable/web}}\n  - {name: b, extends: t}\n"
    )
    found = await fixes(tmp_path, web.url, releases)
    assert found == ["add version: 1.10.0 (newest in stable/web)"] * len(found)
    assert found


async def test_a_pre_release_is_named_only_when_there_is_nothing_else(tmp_path: Path, web: WebServer) -> None:
    web.publish("web", "2.0.0-rc.1", chart_archive())
    releases = "releases: [{name: a, chart: {reference: stable/web}}]\n"
    assert await fixes(tmp_path, web.url, releases) == ["add version: 2.0.0-rc.1 (newest in stable/web)"]


@pytest.mark.parametrize("reference", ["stable/absent", "other/web", "git+https://127.0.0.1:9/r//web"])
async def test_a_place_that_does_not_know_the_chart_changes_nothing(
    tmp_path: Path, web: WebServer, reference: str
) -> None:
    releases = f"releases: [{{name: a, chart: {{reference: '{reference}'}}}}]\n"
    [fix] = await fixes(tmp_path, web.url, releases)
    assert fix is not None
    assert "newest" not in fix


async def test_a_place_that_cannot_be_reached_changes_nothing(tmp_path: Path) -> None:
    releases = "releases: [{name: a, chart: {reference: stable/web}}]\n"
    assert await fixes(tmp_path, "http://127.0.0.1:9", releases) == ["add e.g. version: 1.0.0 (web)"]


async def test_nothing_is_asked_when_no_version_is_missing(tmp_path: Path, web: WebServer) -> None:
    assert (
        await fixes(tmp_path, web.url, "releases: [{name: a, chart: {reference: stable/web, version: 1.0.0}}]\n") == []
    )
    assert web.asked == []
