"""Values as Handlebars treats them: what is below a name, what is empty, and how things are printed."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.templating.values import MISSING, as_text, below, escaped, is_empty

NESTED = {"a": {"b": [10, {"c": "deep"}]}, "null": None, "0": "a key", "length": "a key too"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (["a", "b", "0"], 10),
        (["a", "b", "1", "c"], "deep"),
        (["a", "b", "1", "c", "length"], 4),
        (["a", "b", "length"], 2),
        (["a", "b", "2"], MISSING),
        (["a", "b", "-1"], MISSING),
        (["a", "b", "01"], MISSING),
        (["a", "x"], MISSING),
        (["a", "b", "0", "x"], MISSING),
        (["null"], None),
        (["null", "x"], MISSING),
        (["0"], "a key"),
        (["length"], "a key too"),
        (["keys"], MISSING),
        (["a", "__class__"], MISSING),
    ],
)
def test_a_name_means_what_is_there_and_nothing_of_the_language(path: list[str], found: Any) -> None:
    value: Any = NESTED
    for name in path:
        value = below(value, name)
    assert value is found if found in (None, MISSING) else value == found


@pytest.mark.parametrize(
    ("value", "empty", "without_zero"),
    [
        (None, True, True),
        (MISSING, True, True),
        (False, True, True),
        ("", True, True),
        ([], True, True),
        (0, False, True),
        (0.0, False, True),
        (True, False, False),
        ("0", False, False),
        ({}, False, False),
        ([None], False, False),
        (-1, False, False),
    ],
)
def test_what_is_empty(value: Any, empty: bool, without_zero: bool) -> None:
    assert is_empty(value) is empty
    assert is_empty(value, zero_counts=False) is without_zero


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (-0.0, "0"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-9, "1.5e-9"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
        ([1, None, [2, "x"]], "1,,2,x"),
        ({"a": 1}, "[object Object]"),
    ],
)
def test_how_a_value_is_printed(value: Any, text: str) -> None:
    assert as_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_is_printed_reads_as_itself(number: float) -> None:
    assert float(as_text(number)) == number


@given(st.integers())
def test_whole_numbers_lose_no_digit(number: int) -> None:
    assert as_text(number) == str(number)


@given(st.text())
def test_what_is_escaped_reads_as_itself_and_holds_no_sign_of_html(text: str) -> None:
    assert html.unescape(escaped(text)) == html.unescape(html.escape(text))
    assert not set(escaped(text)) & set("<>\"'`=")


@given(st.text(st.characters(blacklist_characters="&<>\"'`=", codec="utf-8")))
def test_what_needs_no_escape_stays(text: str) -> None:
    assert escaped(text) == text


@given(
    st.recursive(st.none() | st.booleans() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some))
)
def test_every_value_can_be_printed(value: Any) -> None:
    json.dumps(value)
    assert isinstance(as_text(value), str)
