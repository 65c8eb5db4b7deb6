"""The flags of deployd."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.flags import Trial

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.tables.deployd import (
    CLUSTER_GROUP,
    TEAM_GROUP,
    WORK_GROUP,
    deployd_of,
    deployd_options,
)
from fairway.services.deployd.options import DeploydOptions, Identity

given = Trial(CLUSTER_GROUP, TEAM_GROUP, WORK_GROUP)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given.forget_variables(monkeypatch)


def test_the_cluster_alone_is_enough() -> None:
    assert deployd_options(given("--cluster=prod")) == DeploydOptions("prod")


def test_without_a_cluster_it_says_what_to_set() -> None:
    with pytest.raises(UserError, match=r"--cluster \(FAIRWAY_DEPLOYD_CLUSTER\) is not set"):
        deployd_options(given())


def test_the_variable_of_the_original_is_understood_and_that_of_development_clusters_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAIRWAY_CLUSTER", "my-devcluster")
    monkeypatch.setenv("CLUSTER", "prod")
    assert deployd_options(given()).cluster == "prod"


def test_all_of_them_reach_their_fields() -> None:
    words = (
        "--cluster=prod", "--kubeconfig=/k", "--context=c", "--in-cluster", "--identity=token", "--team-namespaces",
        "--auto-create-service-account=false", "--timeout=90s", "--concurrency=3", "--team-concurrency=2",
    )  # fmt: skip
    assert deployd_options(given(*words)) == DeploydOptions(
        "prod", "/k", "c", True, Identity.TOKEN, True, False, timedelta(seconds=90), 3, 2
    )


def test_of_several_each_has_its_cluster_and_all_the_rest_alike() -> None:
    asked = given("--timeout=5s", "--cluster=ignored")
    assert deployd_of(asked, "dev", kubeconfig="/k", context="c") == DeploydOptions(
        "dev", "/k", "c", timeout=timedelta(seconds=5)
    )
