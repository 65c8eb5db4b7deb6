"""The demo's chart repository speaks what Fairway reads, and is not missed once it is gone."""

import urllib.request
from pathlib import Path

import pytest

from fairway.domain.repository.models import HelmRepo
from fairway.entrypoints.demo.chart_repository import publish, serve_charts
from fairway.entrypoints.examples import example_folder
from fairway.services.loading import load_repository
from fairway.settings import load_settings
from fairway.wiring import chart_service

CHART = example_folder("shop") / "charts" / "search"


def test_the_archive_is_served_as_it_was_packaged(tmp_path: Path) -> None:
    with serve_charts(tmp_path) as url:
        publish(CHART, tmp_path, url)
        with urllib.request.urlopen(f"{url}/search-1.2.0.tgz") as answer:
            assert answer.read() == (tmp_path / "search-1.2.0.tgz").read_bytes()
        with urllib.request.urlopen(f"{url}/index.yaml") as answer:
            assert f"{url}/search-1.2.0.tgz" in answer.read().decode()


async def test_a_chart_fetched_once_comes_from_the_cache_when_the_server_is_gone(tmp_path: Path) -> None:
    charts, repository = tmp_path / "charts", tmp_path / "repository"
    charts.mkdir()
    repository.mkdir()
    settings = load_settings({"HOME": str(tmp_path), "FAIRWAY_CACHE_DIR": str(tmp_path / "cache")})
    with serve_charts(charts) as url:
        publish(CHART, charts, url)
        reference, repos = _reference(repository, url)
        async with chart_service(settings, repos, env={}) as service:
            fetched = await service.fetch(reference)
    async with chart_service(settings, repos, env={}) as service:
        again = await service.fetch(reference)
    assert again.digest == fetched.digest


def _reference(folder: Path, url: str) -> tuple[object, list[HelmRepo]]:
    (folder / "environments.yaml").write_text(
        f"helmRepos: [{{name: shop-charts, url: {url}}}]\n"
        "clusters: [{name: c, provider: {devcluster: {}}}]\n"
        "environments: [{name: e, clusterName: c, kubeNamespace: e, releasesFiles: [r.yaml]}]\n"
    )
    (folder / "r.yaml").write_text(
        "releases: [{name: search, chart: {reference: shop-charts/search, version: 1.2.0}}]\n"
    )
    repository = load_repository(folder / "environments.yaml")
    chart = repository.environments[0].releases[0].chart
    assert chart is not None
    return chart, list(repository.helm_repos)


@pytest.mark.parametrize("path", ["index.yaml", "absent.tgz"])
def test_the_terminal_belongs_to_the_story(path: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "index.yaml").write_text("entries: {}\n")
    with serve_charts(tmp_path) as url:
        try:
            urllib.request.urlopen(f"{url}/{path}").close()
        except urllib.error.HTTPError as error:
            error.close()
    assert capfd.readouterr() == ("", "")
