"""Bodies of the deployments API: what is read, and what each mistake is called."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch.answers import Unacceptable
from fairway.domain.dispatch.api_bodies import (
    DeployBody,
    ProvisionBody,
    StatusBody,
    delivery_of,
    read_deploy,
    read_provision,
    read_status,
    status_document,
    status_query,
)
from fairway.domain.dispatch.requests import RepositoryName

RESOURCE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "orders"}}
DEPLOY: dict[str, Any] = {
    "resources": [RESOURCE],
    "team": "shop",
    "cluster": "dev",
    "environment": "dev:eu",
    "owner": "example",
    "repository": "orders",
    "ref": "main",
    "timestamp": 1763726400,
}
STATUS = {"deliveryID": "d-1", "team": "shop", "timestamp": 1763726400}
MISSING = object()


def bytes_of(document: Any) -> bytes:
    return json.dumps(document).encode()


def changed(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**document, **changes}.items() if value is not MISSING}


def test_a_deploy_body_is_read() -> None:
    assert read_deploy(bytes_of(DEPLOY)) == DeployBody(
        team="shop",
        cluster="dev",
        repository=RepositoryName("example", "orders"),
        resources=(RESOURCE,),
        timestamp=1763726400,
        environment="dev:eu",
        ref="main",
    )


def test_what_is_optional_may_be_missing_or_null() -> None:
    body = read_deploy(bytes_of(changed(DEPLOY, environment=MISSING, ref=None)))
    assert (body.environment, body.ref, body.sha, body.creator, body.description) == ("", "", "", "", "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"team": MISSING}, "team: it is missing"),
        ({"team": "  "}, "team: it is missing"),
        ({"team": 7}, "team: expected a text, found a number"),
        ({"cluster": MISSING}, "cluster: it is missing"),
        ({"cluster": ["dev"]}, "cluster: expected a text"),
        ({"owner": MISSING}, "owner: it is missing"),
        ({"repository": ""}, "repository: it is missing"),
        (
            {"repository": "example/orders"},
            "repository: 'example/orders' is no name on GitHub; write owner and name apart",
        ),
        ({"owner": ".."}, "owner: '..' is no name on GitHub; write owner and name apart"),
        ({"resources": MISSING}, "no resources to deploy"),
        ({"resources": []}, "no resources to deploy"),
        ({"resources": {}}, "resources: expected a list, found an object"),
        ({"resources": [RESOURCE, {"kind": "ConfigMap"}]}, "resources[1].apiVersion: it is missing"),
        ({"resources": [{**RESOURCE, "metadata": {}}]}, "resources[0].metadata.name: it is missing"),
        ({"timestamp": MISSING}, "timestamp: it is missing; write the time in seconds since 1970"),
        ({"timestamp": "1763726400"}, "timestamp: expected a whole number of seconds since 1970"),
        ({"timestamp": 1.5}, "timestamp: expected a whole number of seconds since 1970"),
        ({"timestamp": True}, "timestamp: expected a whole number of seconds since 1970"),
        ({"team": "shop*"}, "team: 'shop*' is no slug of a team on GitHub"),
        ({"resources": [{**RESOURCE, "kind": "Config Map"}]}, "resources[0].kind: 'Config Map' is no name"),
        (
            {"resources": [{**RESOURCE, "metadata": {"name": "a", "namespace": "é"}}]},
            "resources[0].metadata.namespace: 'é' is no name",
        ),
        ({"timestamp": -1}, "timestamp: expected a whole number of seconds since 1970"),
        ({"ref": {}}, "ref: expected a text"),
        ({"teams": "shop"}, "unknown key 'teams'; known: resources, team, cluster, environment, owner, repository, "),
    ],
)
def test_each_mistake_of_a_deploy_body_has_its_words(change: dict[str, Any], message: str) -> None:
    with pytest.raises(Unacceptable) as error:
        read_deploy(bytes_of(changed(DEPLOY, **change)))
    assert (error.value.code, error.value.message.startswith(message)) == (400, True), error.value.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON: Input is a zero-length, empty document at line 1, column 1"),
        (b'{"team":', "the body is not JSON: unexpected end of data at line 1, column 9"),
        (b"\xff", "the body is not JSON: "),
        (b"[]", "the body is not a JSON object"),
        (b"null", "the body is not a JSON object"),
    ],
)
def test_what_is_no_object_is_told_with_its_place(body: bytes, message: str) -> None:
    for read in (read_deploy, status_document, read_provision):
        with pytest.raises(Unacceptable) as error:
            read(body)
        assert (error.value.code, error.value.message.startswith(message)) == (400, True), error.value.message


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert read_deploy(bytes_of(changed(DEPLOY, timestamp=1763726400.0))).timestamp == 1763726400


def test_long_and_odd_texts_are_cut_and_cleaned() -> None:
    body = read_deploy(bytes_of(changed(DEPLOY, description="a\u001b[31m" + "x" * 9999)))
    assert body.description.startswith("a?[31mxxx")
    assert len(body.description) == 500


def test_a_status_is_asked_for_by_a_team_or_by_a_repository() -> None:
    assert read_status(status_document(bytes_of(STATUS))) == StatusBody("d-1", 1763726400, "shop")
    by_repository = changed(STATUS, team=MISSING, owner="example", repository="orders")
    assert read_status(status_document(bytes_of(by_repository))) == StatusBody(
        "d-1", 1763726400, "", RepositoryName("example", "orders")
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"team": MISSING}, "team, or owner and repository: one of them is needed"),
        ({"deliveryID": MISSING}, "deliveryID: it is missing"),
        ({"owner": "example"}, "repository: it is missing"),
        ({"timestamp": "now"}, "timestamp: expected a whole number of seconds since 1970"),
    ],
)
def test_each_mistake_of_a_status_body_has_its_words(change: dict[str, Any], message: str) -> None:
    with pytest.raises(Unacceptable) as error:
        read_status(status_document(bytes_of(changed(STATUS, **change))))
    assert (error.value.code, error.value.message) == (400, message)


class TestQueries:
    def test_a_query_says_the_same_as_a_body(self) -> None:
        pairs = [(key, str(value)) for key, value in STATUS.items()]
        assert read_status(status_query(pairs)) == read_status(STATUS)

    @pytest.mark.parametrize(
        ("pairs", "message"),
        [
            ([("team", "a"), ("team", "b")], "team is there twice"),
            ([("x", "")], "unknown key 'x'; known: deliveryID, team, owner, repository, timestamp"),
        ],
    )
    def test_what_is_twice_or_unknown_is_refused(self, pairs: list[tuple[str, str]], message: str) -> None:
        with pytest.raises(Unacceptable) as error:
            status_query(pairs)
        assert error.value.message == message

    @pytest.mark.parametrize("written", ["", "x", "-1", "1.0", "١", "9" * 13])
    def test_a_time_that_is_no_number_is_refused(self, written: str) -> None:
        with pytest.raises(Unacceptable, match="timestamp"):
            read_status(status_query([("deliveryID", "d"), ("team", "a"), ("timestamp", written)]))


def test_provisioning_does_not_rotate_unless_it_says_so() -> None:
    assert read_provision(b'{"team":"Shop","timestamp":5}') == ProvisionBody("Shop", 5)
    assert read_provision(b'{"team":"Shop","timestamp":5,"rotate":true}') == ProvisionBody("Shop", 5, True)
    with pytest.raises(Unacceptable, match="rotate: expected true or false"):
        read_provision(b'{"team":"Shop","timestamp":5,"rotate":"yes"}')


@given(a=st.binary(max_size=40), b=st.binary(max_size=40))
def test_a_delivery_id_is_the_body_s_own(a: bytes, b: bytes) -> None:
    assert (delivery_of(a) == delivery_of(b)) == (a == b)
    assert (UUID(delivery_of(a)).version, UUID(delivery_of(a)).variant) == (8, "specified in RFC 4122")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(
    document=JSON
    | st.fixed_dictionaries(
        {}, optional=dict.fromkeys([*DEPLOY, "deliveryID", "rotate"], JSON | st.just([RESOURCE]) | st.just("shop"))
    )
)
def test_whatever_the_body_is_nothing_but_a_refusal_comes_of_it(document: Any) -> None:
    for read in (read_deploy, lambda body: read_status(status_document(body)), read_provision):
        refused: list[Unacceptable] = []
        try:
            read(bytes_of(document))
        except Unacceptable as error:
            refused.append(error)
        assert all(error.code == 400 and error.message.isprintable() for error in refused)
