"""Keys as `helm --set` writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import Position, UserError
from fairway.domain.values.paths import Path, format_path, parse_key

HERE = Position("releases/prod.yaml", 7, 14)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("image", ("image",)),
        ("image.tag", ("image", "tag")),
        ("zookeeper.image.tag", ("zookeeper", "image", "tag")),
        ("hosts[0]", ("hosts", 0)),
        ("hosts[0].paths[12].path", ("hosts", 0, "paths", 12, "path")),
        ("matrix[1][2]", ("matrix", 1, 2)),
        (r"nodeSelector.kubernetes\.io/os", ("nodeSelector", "kubernetes.io/os")),
        (r"a\[0\]", ("a[0]",)),
        (r"a\\b", ("a\\b",)),
        ("with space.x", ("with space", "x")),
        ("annotations.a/b-c_d", ("annotations", "a/b-c_d")),
    ],
)
def test_a_key_is_read_as_helm_reads_it(key: str, path: Path) -> None:
    assert parse_key(key) == path


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "a name is missing"),
        (".a", "a name is missing"),
        ("a..b", "a name is missing"),
        ("a.", "a name is missing"),
        ("[0]", "a name is missing"),
        ("a[", "without ]"),
        ("a[x]", "not a whole number"),
        ("a[-1]", "not a whole number"),
        ("a[1.5]", "not a whole number"),
        ("a[٣]", "not a whole number"),
        ("a[65537]", "greater than 65536"),
        ("a[0]b", "after ]"),
        ("a]", "must be escaped"),
        ("a=b", "must be escaped"),
        ("a,b", "must be escaped"),
        ("a\\", "escapes nothing"),
        (".".join("a" * 40), "deeper than 31"),
    ],
)
def test_a_bad_key_is_an_error_with_its_place_and_a_fix(key: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_key(key, HERE)
    assert reason in caught.value.message
    assert caught.value.where == HERE
    assert caught.value.fix


names = st.text(min_size=1, max_size=6).filter(lambda text: not set(text) & set("=,"))
paths = st.tuples(names, st.lists(st.one_of(names, st.integers(0, 65536)), max_size=5)).map(lambda t: (t[0], *t[1]))


@given(paths)
def test_writing_and_reading_a_path_gives_it_back(path: Path) -> None:
    assert parse_key(format_path(path)) == path
