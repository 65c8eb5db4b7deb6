"""Charts that the corpus' tests install on a real cluster have no errors in lint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml
from tests.corpus.cases import CASES, INSTALLABLE, Case

from fairway import wiring
from fairway.domain.errors import Diagnostic, Severity
from fairway.services.linting import lint
from fairway.services.linting.rendering import RenderedReleases
from fairway.settings import load_settings

OF_TWO_RELEASES = "duplicate-object"
"""Some charts of the corpus name objects without the release's name."""


async def lint_of(folder: Path, cases: Sequence[Case]) -> Sequence[Diagnostic]:
    """The findings about one environment that holds every case as a release."""
    releases = []
    for case in cases:
        (folder / f"{case.name}.yaml").write_text(yaml.safe_dump(case.values))
        releases.append({"name": case.name, "chart": {"dir": str(case.folder)}, "valuesFile": f"{case.name}.yaml"})
    environment = {"name": "all", "clusterName": "x", "kubeNamespace": "corpus", "releasesFiles": ["releases.yaml"]}
    main = {"clusters": [{"name": "x", "provider": {"minikube": {}}}], "environments": [environment]}
    (folder / "environments.yaml").write_text(yaml.safe_dump(main))
    (folder / "releases.yaml").write_text(yaml.safe_dump({"releases": releases}))
    settings = load_settings({"HOME": str(folder), "FAIRWAY_CACHE_DIR": str(folder / "cache"), "USER": "tests"})
    async with wiring.chart_service(settings, offline=True) as charts:
        check = RenderedReleases(
            lambda repository, one: wiring.open_rendering(settings, repository, one, charts, kube_version="newest"),
            charts,
            folder,
        )
        return (await lint(folder / "environments.yaml", [check], folder)).diagnostics


async def test_what_a_cluster_takes_has_no_errors(tmp_path: Path) -> None:
    found = await lint_of(tmp_path, INSTALLABLE)
    errors = [one.message for one in found if one.severity is Severity.ERROR and one.rule != OF_TWO_RELEASES]
    assert errors == []


async def test_everything_that_helm_refuses_is_told_with_a_place(tmp_path: Path) -> None:
    found = await lint_of(tmp_path, CASES)
    told = {one.message.partition('"')[2].partition('"')[0] for one in found if one.position}
    assert {case.name for case in CASES if case.error} <= told
