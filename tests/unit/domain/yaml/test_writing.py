"""YAML that is written is read back as the same values, by every reader."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.yaml import dump, dump_all, load, load_all


@pytest.mark.parametrize(
    "text",
    [
        "1e3",
        "0o14",
        "012",
        "y",
        "yes",
        "null",
        "~",
        "",
        "1.10",
        "2001-01-01",
        "22:22",
        "1_000",
        "0x1F",
        "=",
        "<<",
        "- a",
        "a: b",
        "#x",
        "1,000",
    ],
)
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    written = dump({"tag": text, text: "key"})
    assert load(written, "f") == {"tag": text, text: "key"}
    assert yaml.safe_load(written) == {"tag": text, text: "key"}


def test_plain_words_and_versions_are_not_quoted() -> None:
    assert dump({"image": {"repository": "shop/web", "pull": "Always"}, "list": [1, True, None]}) == (
        "image:\n  repository: shop/web\n  pull: Always\nlist:\n- 1\n- true\n- null\n"
    )


def test_lines_become_a_block() -> None:
    assert dump({"a": "x\n  y\n"}) == "a: |\n  x\n    y\n"


def test_several_documents_are_parted() -> None:
    assert load_all(dump_all([{"a": 1}, [2]]), "f") == [{"a": 1}, [2]]


_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | _text
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=20,
)


@given(_values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert load(dump(value), "f.yaml") == value
