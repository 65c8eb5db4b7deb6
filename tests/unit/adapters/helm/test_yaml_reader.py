"""YAML as Helm and the Kubernetes client read it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.helm.yaml_reader import CACHE_LIMIT, YamlReader, parse_manifest
from fairway.domain.errors import UserError
from fairway.domain.manifests.head import UnreadableDocument

SCALARS: list[tuple[str, Any]] = [
    ("yes", True), ("Off", False), ("y", True), ("true", True), ("~", None), ("null", None), ('"null"', "null"),
    ("012", 10), ("0o14", 12), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("1e3", 1000), ("1.50", 1.5), ("1.0", 1),
    ("2026-01-02", "2026-01-02"), ("22:22", "22:22"), ("1:20:30", "1:20:30"), ("1.2.3", "1.2.3"), ("=", "="),
    ("9007199254740993", 9007199254740993), ("-9223372036854775808", -9223372036854775808),
    ("1234567890123456789", 1234567890123456789), ('"1234567890123456789"', "1234567890123456789"),
    ("9_007_199_254_740_993", 9007199254740993), ("18446744073709551616", 18446744073709551616.0),
    ("!!str 12", "12"), ("|-\n  x", "x"), ("'it''s'", "it's"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_have_the_values_that_helm_gives_them(text: str, value: Any) -> None:
    found = YamlReader().read(f"a: {text}\n")["a"]
    assert (found, type(found)) == (value, type(value))


DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("# nothing\n", {}),
    ("a: 1\na: 2\n", {"a": 2}),
    ("a: &x {b: 1}\nc: {<<: *x, d: 9007199254740993}\n", {"a": {"b": 1}, "c": {"b": 1, "d": 9007199254740993}}),
    ("1: x\ntrue: z\n", {"1": "x", "true": "z"}),
    ("a: [9007199254740993, {b: 9007199254740995}]\n", {"a": [9007199254740993, {"b": 9007199254740995}]}),
    ("a: |\n  one\n\n", {"a": "one\n"}),
    ("a: |+\n  one\n\n", {"a": "one\n\n"}),
    ("a:\r\n  b: c\r\n", {"a": {"b": "c"}}),
    ('{"a": "\\u00e9", "b": [1, 2]}', {"a": "é", "b": [1, 2]}),
]


@pytest.mark.parametrize(("text", "document"), DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_documents_are_read_whole(text: str, document: dict[str, Any]) -> None:
    assert YamlReader().read(text) == document


@pytest.mark.parametrize(
    ("text", "why"),
    [("- a\n", "an array"), ("text\n", "a string"), ("a: b: c\n", "mapping values"), ("\ta: b", "tab|token")],
)
def test_what_is_no_mapping_is_unreadable(text: str, why: str) -> None:
    with pytest.raises(UnreadableDocument, match=why):
        YamlReader().read(text)


def test_each_reading_gives_an_object_of_its_own() -> None:
    reader = YamlReader()
    first = reader.read("a: {b: c}\n")
    first["a"]["b"] = "changed"
    assert reader.read("a: {b: c}\n") == {"a": {"b": "c"}}


def test_what_is_remembered_is_bounded() -> None:
    reader = YamlReader()
    for number in range(6):
        reader.read(f"number: {number}\ntext: {'x' * (CACHE_LIMIT // 5)}\n")
    assert reader.read("number: 0\n") == {"number": 0}
    assert len(reader._cache) < 4


plain = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufeff\u2028\u2029\x85"),
    max_size=30,
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(plain, values, max_size=4))
def test_json_is_yaml(document: dict[str, Any]) -> None:
    import orjson

    assert YamlReader().read(orjson.dumps(document).decode()) == document


def test_a_manifest_gives_each_document_with_its_text() -> None:
    text = "---\n# Source: a\nkind: A\n---\n# only a comment\n---\nkind: List\nitems: [{kind: B}, {kind: C}]\n"
    found = parse_manifest(text, YamlReader())
    assert [obj["kind"] for _, obj in found] == ["A", "B", "C"]
    assert found[0][0] == "# Source: a\nkind: A\n"
    assert found[1][0] == found[2][0]


def test_an_unreadable_document_of_a_manifest_names_its_source() -> None:
    with pytest.raises(UserError) as caught:
        parse_manifest("---\n# Source: web/templates/x.yaml\na: b: c\n", YamlReader())
    assert str(caught.value.where) == "web/templates/x.yaml"


def test_a_separator_that_is_none_is_a_clear_error() -> None:
    with pytest.raises(UserError, match="separator"):
        parse_manifest("a: b\n--- x\n", YamlReader())
