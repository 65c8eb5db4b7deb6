"""Pure decisions about `valueFrom`: which address, which object, which order of releases."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.repository.models import (
    ChartKind,
    ChartReference,
    ChartValue,
    Cluster,
    Provider,
    Release,
    ValueSource,
)
from fairway.domain.values.addresses import AddressQuery, address_query, region_of_zone
from fairway.domain.values.outputs import asks_cluster, implied_needs, output_ref

HERE = Position("releases/prod.yaml", 9, 5)


def gke(parameters: dict[str, str] | None = None, **settings: str) -> Cluster:
    settings = {"project": "shop-prod", "clusterName": "eu-1", **settings}
    return Cluster("eu-1", Provider("gke", settings), HERE, parameters or {})


@pytest.mark.parametrize(
    ("settings", "cluster", "query"),
    [
        ({"name": "kafka"}, gke(zone="europe-west1-b"), AddressQuery("shop-prod", "kafka", "europe-west1")),
        ({"name": "kafka"}, gke(region="europe-west4"), AddressQuery("shop-prod", "kafka", "europe-west4")),
        ({"name": "kafka", "isGlobal": True}, gke(zone="us-a"), AddressQuery("shop-prod", "kafka", None)),
        ({"nameFrom": "ip", "isGlobal": False}, gke({"ip": "k1"}, region="r1"), AddressQuery("shop-prod", "k1", "r1")),
        ({"address": {"name": "n"}}, gke(region="r1"), AddressQuery("shop-prod", "n", "r1")),
        ({"nameFrom": {"clusterParam": "ip"}}, gke({"ip": "k1"}, region="r1"), AddressQuery("shop-prod", "k1", "r1")),
    ],
)
def test_the_cluster_says_where_an_address_is(settings: dict[str, Any], cluster: Cluster, query: AddressQuery) -> None:
    assert address_query(settings, cluster, HERE) == query


@pytest.mark.parametrize(
    ("zone", "region"),
    [("europe-west1-b", "europe-west1"), ("us-central1-f", "us-central1"), ("odd", "odd"), ("a-bc", "a-bc")],
)
def test_a_zone_lies_in_the_region_of_its_name(zone: str, region: str) -> None:
    assert region_of_zone(zone) == region


@pytest.mark.parametrize(
    ("settings", "cluster", "message"),
    [
        ({"name": "x"}, Cluster("dev", Provider("devcluster"), HERE), "needs a gke cluster"),
        ({"nameFrom": "nope"}, gke({"ip": "1", "dns": "2"}, region="r"), r"no parameter .nope. \(it has: dns, ip\)"),
        ({"nameFrom": "nope"}, gke(region="r"), "it has: none"),
        ({}, gke(region="r"), "the address has no name"),
    ],
)
def test_an_address_that_cannot_be_meant_is_an_error(settings: dict[str, Any], cluster: Cluster, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        address_query(settings, cluster, HERE)
    assert caught.value.where == HERE
    assert caught.value.fix


@pytest.mark.parametrize(
    ("settings", "ref"),
    [
        ({"kind": "Service", "name": "lb"}, ObjectRef("v1", "Service", "shop", "lb")),
        ({"kind": "Ingress", "name": "i"}, ObjectRef("networking.k8s.io/v1", "Ingress", "shop", "i")),
        ({"kind": "Thing", "apiVersion": "x.io/v1", "name": "t"}, ObjectRef("x.io/v1", "Thing", "shop", "t")),
    ],
)
def test_well_known_kinds_need_no_version(settings: dict[str, Any], ref: ObjectRef) -> None:
    assert output_ref(settings, "shop", HERE) == ref


def test_other_kinds_do() -> None:
    with pytest.raises(UserError, match="Thing") as caught:
        output_ref({"kind": "Thing", "name": "t"}, "shop", HERE)
    assert "apiVersion" in str(caught.value.fix)


PLAIN = ChartValue("a", HERE, 1)


def output(release: str) -> ChartValue:
    settings = {"release": release, "kind": "Service", "name": "x", "path": "a"}
    return ChartValue("ip", HERE, value_from=ValueSource("output", settings, HERE))


def web(*values: ChartValue, **more: bool) -> Release:
    return Release(
        "web", HERE, chart=ChartReference(ChartKind.DIRECTORY, "/charts/web", None, HERE), values=values, **more
    )


def test_an_output_implies_a_need_once_each() -> None:
    needs = implied_needs(web(output("lb"), output("{{release}}-db"), output("lb"), PLAIN), [output("dns")])
    assert [need.release for need in needs] == ["dns", "lb", "web-db"]
    assert {need.position for need in needs} == {HERE}


def test_skipped_defaults_imply_nothing() -> None:
    assert implied_needs(web(skip_default_values=True), [output("dns")]) == ()


def test_resource_files_take_no_values_and_need_nothing() -> None:
    assert implied_needs(Release("objects", HERE, resource_files=("/x.yaml",)), [output("dns")]) == ()


@pytest.mark.parametrize(
    ("values", "asks"),
    [
        ([PLAIN], False),
        ([output("lb")], True),
        ([ChartValue("a", HERE, value_from=ValueSource("secret", {"name": "n", "key": "k"}, HERE))], True),
        ([ChartValue("a", HERE, value_from=ValueSource("env", {"name": "N"}, HERE))], False),
        ([ChartValue("a", HERE, value_from=ValueSource("gceResource", {"name": "n"}, HERE))], False),
    ],
)
def test_only_some_sources_ask_the_cluster(values: list[ChartValue], asks: bool) -> None:
    assert asks_cluster(web(*values), ()) is asks
    assert asks_cluster(web(), values) is asks
