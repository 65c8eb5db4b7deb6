"""`fairway indent`: only indentation changes, comments stay, a second run changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import UserError
from fairway.domain.yaml import dump, load, load_all
from fairway.domain.yaml.indenting import indent

CASES = [
    ("a list as deep as its key", "a:\n- x\n- y\nb: 1\n", "a:\n  - x\n  - y\nb: 1\n"),
    ("four spaces", "a:\n    b:\n        c: 1\n", "a:\n  b:\n    c: 1\n"),
    (
        "maps in lists",
        "releases:\n-   name: web\n    chart:\n        dir: x\n-   name: db\n",
        "releases:\n  - name: web\n    chart:\n      dir: x\n  - name: db\n",
    ),
    ("lists in lists", "-   - a\n    - b\n-   - c\n", "- - a\n  - b\n- - c\n"),
    ("a comment before an item", "a:\n# first\n- x\n# second\n- y\n", "a:\n  # first\n  - x\n  # second\n  - y\n"),
    ("a comment at the end of a block", "a:\n    b: 1\n    # end\nc: 2\n", "a:\n  b: 1\n  # end\nc: 2\n"),
    ("a comment behind a value", "a:\n    b: 1   # why\n", "a:\n  b: 1   # why\n"),
    ("a last comment", "a:\n    b: 1\n# bye\n", "a:\n  b: 1\n# bye\n"),
    (
        "block text",
        "a:\n    b: |\n        x\n          # no comment\n\n        y\n    c: 1\n",
        "a:\n  b: |\n    x\n      # no comment\n\n    y\n  c: 1\n",
    ),
    ("block text with given indentation", "a:\n    b: |2\n        x\n", "a:\n  b: |2\n      x\n"),
    (
        "a long text over lines",
        "a:\n    b: one\n        two\n    c: 'x\n     y'\n",
        "a:\n  b: one\n    two\n  c: 'x\n    y'\n",
    ),
    ("brackets over lines", "a:\n    b: [1,\n        2]\n    c: {x: 1,\n      y: 2\n    }\n", None),
    ("anchors and aliases", "a: &x\n    b: 1\nc:\n    <<: *x\n", "a: &x\n  b: 1\nc:\n  <<: *x\n"),
    ("an anchored item", "a:\n- &x\n  b: 1\n- *x\n", "a:\n  - &x\n    b: 1\n  - *x\n"),
    ("several documents", "a:\n    b: 1\n---\nc:\n- d\n...\n", "a:\n  b: 1\n---\nc:\n  - d\n...\n"),
    ("line ends of Windows", "a:\r\n- x\r\n# c\r\n- y\r\n", "a:\r\n  - x\r\n  # c\r\n  - y\r\n"),
    ("a byte order mark", "\ufeffa:\n- x\n", "\ufeffa:\n  - x\n"),
    ("a value on its own line", "a:\n      long\nb: 1\n", "a:\n  long\nb: 1\n"),
    ("no line end at the end", "a:\n- x", "a:\n  - x"),
    ("nothing", "", ""),
    ("only comments", "# a\n  # b\n", "# a\n  # b\n"),
    ("an empty item", "a:\n-\n- b:\n  - 1\n", "a:\n  -\n  - b:\n      - 1\n"),
    ("text as the whole document", "|\n   x\n", "|\n  x\n"),
    ("a quoted key", "a:\n    'b c':\n    - 1\n", "a:\n  'b c':\n    - 1\n"),
]


@pytest.mark.parametrize(("text", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_only_indentation_changes(text: str, wanted: str | None) -> None:
    result = indent(text, "f.yaml")
    if wanted is not None:
        assert result == wanted
    assert load_all(result, "f") == load_all(text, "f")
    assert indent(result, "f.yaml") == result
    assert "".join(result.split()) == "".join(text.split())


def test_a_file_that_cannot_be_read_is_refused_with_its_place() -> None:
    with pytest.raises(UserError) as caught:
        indent("a: [1\nb: 2", "f.yaml")
    assert caught.value.where is not None
    assert caught.value.where.line


_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.text("ab #:-\n", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(_values)
def test_any_document_keeps_its_meaning_and_a_second_run_changes_nothing(value: object) -> None:
    text = dump(value)
    result = indent(text, "f.yaml")
    assert load(result, "f.yaml") == value
    assert indent(result, "f.yaml") == result
