"""Generated parts replace what stands between their marks, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import Terminal
from fairway.entrypoints.docs.weaving import weave

PARTS = {"a": lambda: "new\nlines", "b": lambda: "other"}
PAGE = "before\n<!-- made from code: a -->\nold\n<!-- end of a -->\nafter\n"


def test_what_stands_between_the_marks_is_replaced() -> None:
    woven = "before\n<!-- made from code: a -->\n\nnew\nlines\n\n<!-- end of a -->\nafter\n"
    assert weave(PAGE, PARTS, "page") == woven


def test_weaving_twice_changes_nothing_more() -> None:
    once = weave(PAGE, PARTS, "page")
    assert weave(once, PARTS, "page") == once


def test_several_parts_of_a_page_are_each_replaced() -> None:
    page = PAGE + "<!-- made from code: b -->\n<!-- end of b -->\n"
    woven = weave(page, PARTS, "page")
    assert "new\nlines" in woven
    assert "\nother\n" in woven


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("<!-- made from code: c -->\n<!-- end of c -->", 'nothing makes a part "c"'),
        ("<!-- made from code: a -->\nold", "has no end"),
        ("<!-- end of a -->\n<!-- made from code: a -->", "has no end"),
    ],
)
def test_marks_that_do_not_fit_are_a_mistake_of_the_page(page: str, says: str) -> None:
    with pytest.raises(Terminal, match=says):
        weave(page, PARTS, "page")


@given(st.text().filter(lambda text: "<!--" not in text))
def test_a_page_without_marks_stays_as_it_is(page: str) -> None:
    assert weave(page, PARTS, "page") == page
