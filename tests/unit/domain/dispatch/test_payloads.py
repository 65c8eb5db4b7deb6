"""Payloads: what is wrong is said with its place, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch.payloads import DEEPEST, LARGEST_INTEGER, Malformed, read_payload, read_resources

RESOURCE: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a": "1"}}
PAYLOAD: dict[str, Any] = {"version": [1, 0, 0], "team": "aura", "kubernetes": {"resources": [RESOURCE]}}


def problem(payload: Any) -> str:
    with pytest.raises(Malformed) as malformed:
        read_payload(payload)
    return malformed.value.message


def with_resource(**changed: Any) -> dict[str, Any]:
    return PAYLOAD | {"kubernetes": {"resources": [RESOURCE, RESOURCE, RESOURCE | changed]}}


def nested(levels: int, innermost: Any = 1) -> Any:
    for number in range(levels):
        innermost = [innermost] if number % 2 else {"a": innermost}
    return innermost


@pytest.mark.parametrize("as_sent", [PAYLOAD, json.dumps(PAYLOAD)])
def test_an_object_and_the_same_object_as_text_are_read_alike(as_sent: Any) -> None:
    payload = read_payload(as_sent)
    assert (payload.version, payload.team, payload.resources) == ((1, 0, 0), "aura", (RESOURCE,))


@pytest.mark.parametrize(
    ("version", "read"),
    [
        ([1, 0, 0], (1, 0, 0)),
        ([1, 12, 345], (1, 12, 345)),
        ("1.0.0", (1, 0, 0)),
        ("1.2.3-rc.1+build", (1, 2, 3)),
    ],
)
def test_every_version_of_the_known_major_is_accepted(version: Any, read: tuple[int, int, int]) -> None:
    assert read_payload(PAYLOAD | {"version": version}).version == read


@pytest.mark.parametrize(
    ("version", "name"), [([2, 0, 0], "2.0.0"), ([0, 9, 1], "0.9.1"), ("3.1.4", "3.1.4"), ([10, 0, 0], "10.0.0")]
)
def test_other_majors_are_refused_by_name(version: Any, name: str) -> None:
    assert problem(PAYLOAD | {"version": version}) == (
        f"version: version {name} of the payload is not supported, only 1.x.y is"
    )


@pytest.mark.parametrize(
    "version",
    [
        [1, 0],
        [1, 0, 0, 0],
        [],
        [1, 0, "0"],
        [1, 0, 0.0],
        [1, -1, 0],
        [True, 0, 0],
        "1.0",
        "v1.0.0",
        "",
        1,
        {},
        [1, 0, 2**31],
    ],
)
def test_what_is_no_version_is_refused(version: Any) -> None:
    assert problem(PAYLOAD | {"version": version}) == "version: expected three numbers like [1, 0, 0]"


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (None, "it is empty; expected version, team and kubernetes.resources"),
        ("", "it is empty; expected version, team and kubernetes.resources"),
        ({}, "it is empty; expected version, team and kubernetes.resources"),
        ("null", "it is empty; expected version, team and kubernetes.resources"),
        ([], "expected an object, found a list"),
        (True, "expected an object, found true"),
        (12, "expected an object, found a number"),
        ('"{}"', "expected an object, found a text"),
        ("{'a'", "the text is not JSON: unexpected character, expected a string key at line 1, column 2"),
        (PAYLOAD | {"image": "x"}, "unknown key 'image'; known: version, team, kubernetes"),
        ({"team": "aura"}, "version: it is missing; write [1, 0, 0]"),
        (PAYLOAD | {"team": ["aura"]}, "team: expected a text, found a list"),
        (PAYLOAD | {"team": "au\0ra"}, "team: 'au?ra' can't be a team"),
        (PAYLOAD | {"team": "a" * 101}, "team: '" + "a" * 39 + "…' can't be a team"),
        (PAYLOAD | {"kubernetes": []}, "kubernetes: expected an object, found a list"),
        (PAYLOAD | {"kubernetes": {"resources": {}}}, "kubernetes.resources: expected a list, found an object"),
        (
            PAYLOAD | {"kubernetes": {"resources": [RESOURCE, "x"]}},
            "kubernetes.resources[1]: expected an object, found a text",
        ),
        (PAYLOAD | {"kubernetes": {"resources": [None]}}, "kubernetes.resources[0]: it is missing"),
        (with_resource(apiVersion=None), "kubernetes.resources[2].apiVersion: it is missing"),
        (with_resource(apiVersion=1), "kubernetes.resources[2].apiVersion: expected a text, found a number"),
        (with_resource(kind=""), "kubernetes.resources[2].kind: it is missing"),
        (with_resource(kind="a\nb"), "kubernetes.resources[2].kind: 'a?b' is no name"),
        (with_resource(metadata=None), "kubernetes.resources[2].metadata: it is missing"),
        (with_resource(metadata="x"), "kubernetes.resources[2].metadata: expected an object, found a text"),
        (with_resource(metadata={}), "kubernetes.resources[2].metadata.name: it is missing"),
        (
            with_resource(metadata={"generateName": "web-"}),
            "kubernetes.resources[2].metadata.name: it is missing, and what only has a generateName can't be applied",
        ),
        (
            with_resource(metadata={"name": "web", "namespace": 7}),
            "kubernetes.resources[2].metadata.namespace: expected a text, found a number",
        ),
        (
            with_resource(metadata={"name": "web", "labels": ["a"]}),
            "kubernetes.resources[2].metadata.labels: expected an object, found a list",
        ),
        (
            with_resource(spec={"ports": [{"port": LARGEST_INTEGER + 1}]}),
            "kubernetes.resources[2].spec.ports[0].port: 9007199254740993 is too large for a number; "
            "write it as a text",
        ),
        (with_resource(spec=nested(DEEPEST + 1)), "kubernetes.resources[2]: it is nested more than 90 levels deep"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(payload: Any, text: str) -> None:
    assert problem(payload) == text


def test_a_team_and_resources_may_be_missing_here() -> None:
    for without in ({"version": [1, 0, 0]}, {"version": [1, 0, 0], "team": " ", "kubernetes": {}}):
        payload = read_payload(without)
        assert (payload.team, payload.resources) == ("", ())


def test_integers_that_a_double_can_hold_pass() -> None:
    resource = RESOURCE | {"spec": [LARGEST_INTEGER, -LARGEST_INTEGER, 1e300, True]}
    assert read_resources([resource]) == (resource,)


def test_deep_documents_are_refused_and_not_fallen_over() -> None:
    deep = '{"version": [1,0,0], "a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert "depth limit exceeded" in problem(deep)
    assert "nested more than" in problem(with_resource(spec=nested(5000)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["name", "metadata", "kind"]), inner),
    max_leaves=20,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "version": json_values | st.just([1, 0, 0]),
            "team": json_values,
            "kubernetes": json_values | st.fixed_dictionaries({"resources": st.lists(json_values)}),
            "other": json_values,
        },
    )
    | json_values
)
def test_nothing_leads_to_anything_but_a_payload_or_an_explanation(value: Any) -> None:
    said = "version 1"
    try:
        assert read_payload(value).version[0] == 1
    except Malformed as error:
        said = error.message
    assert said
    assert "\n" not in said
