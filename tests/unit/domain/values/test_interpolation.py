"""Variables and placeholders in the strings of values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import ChartValue
from fairway.domain.values.assignments import Assignment, assignment
from fairway.domain.values.interpolation import expand, has_placeholder

HERE = Position("environments.yaml", 31, 9)
VARIABLES = {"HOST": "example.org", "EMPTY": "", "_x1": "under", "DB_PASSWORD": "hunter2"}
PLACES = {"environment": "prod", "namespace": "shop", "cluster": "eu-1"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("$HOST", "example.org"),
        ("${HOST}", "example.org"),
        ("api.$HOST:80", "api.example.org:80"),
        ("$HOST$HOST", "example.orgexample.org"),
        ("$_x1.", "under."),
        ("${HOST:-x}", "example.org"),
        ("${NONE:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("$EMPTY", ""),
        ("${NONE:-}", ""),
        ("${NONE:-a b}c", "a bc"),
        ("${NONE:-$HOST}", "example.org"),
        ("${NONE:-${ALSO:-${HOST}}}!", "example.org!"),
        ("${HOST:-${UNSET}}", "example.org"),
        ("$$HOST", "$HOST"),
        ("$$$HOST", "$example.org"),
        ("${NONE:-$$}", "$"),
    ],
)
def test_variables_are_replaced(text: str, result: str) -> None:
    assert expand(text, VARIABLES, HERE) == result


@pytest.mark.parametrize(
    "text",
    [
        *["5$", "price: 5$", "$1", "$(date)", "${1}", "${a.b}", "$ HOST", "${}", "${HOST", "${HOST:?gone}"],
        *["${HOST-x}", "${HOST:+x}", "$-", "^a$", "${NONE:-open", "{{ .Values.x }}", "€$€"],
    ],
)
def test_what_is_not_of_the_grammar_stays(text: str) -> None:
    assert expand(text, VARIABLES, HERE) == text


@pytest.mark.parametrize("text", ["$NONE", "a ${NONE} b", "${OTHER:-$NONE}"])
def test_an_unset_variable_without_default_is_an_error_with_place_and_ways_out(text: str) -> None:
    with pytest.raises(UserError, match=r"\$NONE is not set") as caught:
        expand(text, VARIABLES, HERE)
    assert caught.value.where == HERE
    assert "${NONE:-default}" in str(caught.value.fix)
    assert "$$NONE" in str(caught.value.fix)


def test_the_variables_that_were_read_are_told() -> None:
    used: set[str] = set()
    expand("$HOST ${NONE:-$_x1} $$EMPTY", VARIABLES, HERE, used)
    assert used == {"HOST", "_x1"}


@given(st.text(alphabet="ab${}:-( 1.", max_size=20))
def test_doubling_every_dollar_keeps_any_text(text: str) -> None:
    assert expand(text.replace("$", "$$"), {}, HERE) == text


def prepared(value: object, key: str = "a") -> Assignment:
    return assignment(ChartValue(key, HERE, value), variables=VARIABLES, places=PLACES)


def test_placeholders_are_filled_and_the_release_follows_later() -> None:
    item = prepared("{{release}}.{{ namespace }}.{{environment}}-{{cluster}}.$HOST")
    assert item.open
    assert item.value == "{{release}}.shop.prod-eu-1.example.org"
    assert item.for_release("web").value == "web.shop.prod-eu-1.example.org"
    assert not item.for_release("web").open


def test_a_chart_s_own_templates_are_left_alone() -> None:
    text = '{{ .Release.Name }}-{{ include "x" . }}-{{releases}}'
    assert prepared(text).value == text
    assert not prepared(text).open


def test_strings_inside_of_structures_are_interpolated_and_keys_are_not() -> None:
    item = prepared({"$HOST": ["$HOST", {"n": 1, "r": "{{release}}"}], "b": True})
    assert item.for_release("web").value == {"$HOST": ["example.org", {"n": 1, "r": "web"}], "b": True}


def test_what_was_written_is_kept() -> None:
    assert prepared("$HOST").written == "$HOST"


@pytest.mark.parametrize(("text", "secret"), [("x-$DB_PASSWORD", True), ("$HOST", False), ("$$DB_PASSWORD", False)])
def test_a_variable_that_looks_secret_makes_the_value_secret(text: str, secret: bool) -> None:
    assert prepared(text).secret is secret


def test_has_placeholder_looks_everywhere() -> None:
    assert has_placeholder({"a": [{"b": "x{{ release }}"}]})
    assert not has_placeholder({"a": ["{{namespace}}", 1, None]})
