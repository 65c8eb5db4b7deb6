"""Objects through doubles: what comes out is what went in, or it says why it can't go in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.dispatching import APP, request

from fairway.domain.dispatch.structs import DEEPEST
from fairway.domain.dispatch.wire import Unsendable, decode_request, encode_request
from fairway.domain.errors import UserError


def through(*objects: Any) -> list[Any]:
    return list(decode_request(encode_request(request(resources=objects))).resources)


def nested(levels: int) -> dict[str, Any]:
    """That many objects within one another."""
    obj: dict[str, Any] = {"end": 1}
    for _ in range(levels - 1):
        obj = {"a": obj}
    return obj


def test_a_manifest_comes_out_as_the_same_json() -> None:
    (arrived,) = through(APP)
    assert json.dumps(arrived, sort_keys=True) == json.dumps(APP, sort_keys=True)


@pytest.mark.parametrize("number", [0, 1, -1, 8080, 2**53, -(2**53), 2**53 + 2, 2**62, -(2**63)])
def test_integers_stay_integers(number: int) -> None:
    (arrived,) = through({"n": number})
    assert arrived == {"n": number}
    assert type(arrived["n"]) is int


@pytest.mark.parametrize("number", [0.5, -1.25, 1e-9, 1e300, 2.0**63])
def test_fractions_and_what_is_beyond_64_bits_stay_as_they_are(number: float) -> None:
    (arrived,) = through({"n": number})
    assert arrived == {"n": number}
    assert type(arrived["n"]) is float


def test_a_whole_number_written_with_a_point_becomes_an_integer() -> None:
    (arrived,) = through({"replicas": 3.0, "zero": -0.0})
    assert json.dumps(arrived, sort_keys=True) == '{"replicas": 3, "zero": 0}'


def test_truth_values_are_no_numbers() -> None:
    (arrived,) = through({"yes": True, "no": False, "one": 1, "zero": 0, "nothing": None})
    assert [arrived[key] for key in ("yes", "no", "nothing")] == [True, False, None]
    assert [type(arrived[key]) for key in ("yes", "no", "one", "zero")] == [bool, bool, int, int]


def test_what_is_empty_is_still_there() -> None:
    obj = {"object": {}, "list": [], "text": "", "inner": [{}, [], "", None]}
    assert through(obj, {}) == [obj, {}]


@pytest.mark.parametrize(
    ("obj", "said"),
    [
        ({"spec": {"n": 2**53 + 1}}, r"resources\[0\]\.spec\.n: the number 9007199254740993 can't be sent exactly"),
        ({"spec": [1, {"n": -(2**53) - 1}]}, r"resources\[0\]\.spec\[1\]\.n: the number -9007199254740993"),
        ({"n": 10**400}, r"resources\[0\]\.n: the number of more than 60 digits can't"),
        ({"n": 10**9999}, r"resources\[0\]\.n: the number of more than 60 digits can't"),
        ({"n": float("nan")}, r"resources\[0\]\.n: the number nan can't"),
        ({"n": [float("inf")]}, r"resources\[0\]\.n\[0\]: the number inf can't"),
        ({"n": {"at": b"bytes"}}, r"resources\[0\]\.n\.at: a bytes has no form in JSON"),
        ({"n": {1: "x"}}, r"resources\[0\]\.n\.1: a int as the name of a field"),
        ({"n": "\ud800"}, r"resources\[0\]\.n: not a Unicode text"),
        ({"n": ["\ud800"]}, r"resources\[0\]\.n\[0\]: not a Unicode text"),
        ({"a": {"\ud800": 1}}, r"resources\[0\]\.a\.\?: "),
    ],
)
def test_what_would_arrive_as_something_else_is_refused_with_its_place(obj: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsendable, match=said) as refused:
        encode_request(request(resources=(obj,)))
    assert isinstance(refused.value, UserError)
    assert refused.value.fix


def test_the_place_names_the_resource() -> None:
    with pytest.raises(Unsendable, match=r"^resources\[2\]\.n"):
        encode_request(request(resources=({}, {}, {"n": 2**53 + 1})))


def test_what_may_be_sent_can_be_read_however_deep_it_is() -> None:
    deepest = nested(DEEPEST)
    assert through(deepest) == [deepest]
    listed: Any = "end"
    for _ in range(DEEPEST - 1):
        listed = [listed]
    assert through({"a": listed}) == [{"a": listed}]


def test_what_is_too_deep_to_be_read_is_not_sent() -> None:
    with pytest.raises(Unsendable, match=r"resources\[0\](\.a)+: nested deeper than 30 levels"):
        encode_request(request(resources=(nested(DEEPEST + 1),)))
    endless: dict[str, Any] = {}
    endless["list"] = [endless]
    with pytest.raises(Unsendable, match="nested deeper"):
        encode_request(request(resources=(endless,)))


@given(st.integers())
def test_an_integer_arrives_as_itself_or_not_at_all(number: int) -> None:
    try:
        (arrived,) = through({"n": number})
    except Unsendable:
        assert abs(number) > 2**53
    else:
        assert arrived["n"] == number
