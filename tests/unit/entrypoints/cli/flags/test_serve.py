"""Which clusters `fairway serve` deploys to, and by which way."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.support.flags import Trial

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.tables.deployd import TEAM_GROUP, WORK_GROUP
from fairway.entrypoints.cli.flags.tables.serve import SERVE, Way, deployds, ways
from fairway.settings import Settings, load_settings

given = Trial(SERVE, TEAM_GROUP, WORK_GROUP)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("FAIRWAY_SERVE_CLUSTERS", "FAIRWAY_CLUSTER", "FAIRWAY_KUBECONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"HOME": str(tmp_path), "FAIRWAY_DATA_DIR": str(tmp_path / "data")})


def test_each_cluster_has_a_context_or_the_current_one(settings: Settings) -> None:
    asked = given("--cluster=dev=kind-dev,prod", "--cluster", "qa=devs/qa", "--kubeconfig=/k")
    assert ways(asked, settings) == [
        Way("dev", "/k", "kind-dev"),
        Way("prod", "/k", None),
        Way("qa", "/k", "devs/qa"),
    ]


def test_a_variable_names_them_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_SERVE_CLUSTERS", "dev=kind-dev")
    monkeypatch.setenv("CLUSTER", "of somebody else")
    assert ways(given(), settings) == [Way("dev", None, "kind-dev")]


def test_a_development_cluster_that_is_not_there_is_a_mistake(settings: Settings) -> None:
    with pytest.raises(UserError, match="nobody"):
        ways(given("--cluster=dev=devcluster:nobody"), settings)


def test_without_any_the_current_context_counts(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="no cluster to deploy to"):
        ways(given(), settings)
    context = {"name": "gke-prod", "context": {"cluster": "c", "user": "u"}}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump({"contexts": [context], "current-context": "gke-prod"}))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    assert ways(given(), settings) == [Way("gke-prod", None)]


def test_each_cluster_has_a_place_of_its_own_in_the_queue(settings: Settings) -> None:
    asked = given("--cluster=dev=a,prod=b", "--identity=token")
    found = ways(asked, settings)
    assert [(one.cluster, one.context, one.group) for one in deployds(asked, found, "")] == [
        ("dev", "a", ""),
        ("prod", "b", ""),
    ]
    assert [one.group for one in deployds(asked, found, "ours")] == ["ours-dev", "ours-prod"]
    assert {one.identity.value for one in deployds(asked, found, "")} == {"token"}
