"""What resources say of themselves: the team, and the environment."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.dispatch.endings import MEANING, Ending
from fairway.domain.dispatch.payloads import read_payload
from fairway.domain.dispatch.wanted import environment_of, payload_of, team_of, teams_of


def resource(namespace: str | None = None, **labels: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "web", "labels": labels}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


@pytest.mark.parametrize(
    ("resources", "team", "teams"),
    [
        ([], "", ()),
        ([resource()], "", ()),
        ([resource(team="shop")], "shop", ("shop",)),
        ([resource(), resource(team="shop"), resource(team="bank"), resource(team="shop")], "shop", ("shop", "bank")),
        ([resource(team=7)], "", ()),
        ([{"metadata": {"labels": None}}, {"metadata": None}], "", ()),
    ],
)
def test_the_team_is_the_label_of_the_first_resource_that_has_it(
    resources: list[dict[str, Any]], team: str, teams: tuple[str, ...]
) -> None:
    assert (team_of(resources), teams_of(resources)) == (team, teams)


@pytest.mark.parametrize(
    ("resources", "environment"),
    [
        ([resource("shop")], "prod:shop"),
        ([resource("shop"), resource("shop")], "prod:shop"),
        ([resource("shop"), resource("bank")], "prod"),
        ([resource("shop"), resource()], "prod"),
        ([resource("default")], "prod"),
        ([resource()], "prod"),
    ],
)
def test_the_environment_is_the_cluster_and_its_one_namespace(
    resources: list[dict[str, Any]], environment: str
) -> None:
    assert environment_of("prod", resources) == environment


def test_a_payload_is_as_hookd_reads_it() -> None:
    payload = read_payload(payload_of("shop", [resource("shop")]))
    assert (payload.version, payload.team, list(payload.resources)) == ((1, 0, 0), "shop", [resource("shop")])


def test_every_ending_has_its_code_and_its_meaning() -> None:
    assert {one.name: int(one) for one in Ending} == {
        "SUCCESS": 0,
        "FAILURE": 1,
        "ERROR": 2,
        "INACTIVE": 3,
        "NO_DEPLOYMENT": 4,
        "UNAVAILABLE": 5,
        "USAGE": 6,
        "INTERNAL": 7,
        "TEMPLATE": 8,
        "TIMEOUT": 9,
    }
    assert set(MEANING) == set(Ending)
