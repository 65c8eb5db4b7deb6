"""Numbers, names and colours read well everywhere, and nothing from a cluster can rewrite the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.entrypoints.cli.render.style import (
    clean,
    commit,
    count,
    fold,
    named,
    paint,
    plain,
    seconds,
    shorten,
    to_ascii,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.04, "0.0 s"),
        (6.14, "6.1 s"),
        (9.96, "10 s"),
        (14.4, "14 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h 0 min"),
        (3780, "1 h 3 min"),
    ],
)
def test_durations_have_units(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("number", "noun", "text"), [(1, "release", "1 release"), (0, "release", "0 releases"), (3, "key", "3 keys")]
)
def test_nouns_follow_their_number(number: int, noun: str, text: str) -> None:
    assert count(number, noun) == text


def test_irregular_plurals_are_given() -> None:
    assert count(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("dirty", "text"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("a\rb", "ab"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("\x1b[2Jgone\x1bM", "gone"),
        ("\x9b31mx", "31mx"),
        ("plain → text", "plain → text"),
    ],
)
def test_terminal_escapes_are_taken_out(dirty: str, text: str) -> None:
    assert clean(dirty) == text


@given(st.text())
def test_clean_text_has_no_control_characters(text: str) -> None:
    assert not any(c < " " and c not in "\t\n" for c in clean(text))
    assert clean(clean(text)) == clean(text)


@given(st.text(), st.integers(1, 30))
def test_shortened_text_fits(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width
    assert short == text or short.endswith("…")


@given(st.lists(st.text("ab", min_size=1, max_size=30), min_size=1), st.integers(10, 60))
def test_folding_keeps_every_part_whole_and_in_order(parts: list[str], width: int) -> None:
    lines = fold(parts, width)
    assert " · ".join(line.strip() for line in lines) == " · ".join(parts)
    assert all(len(line) <= width or " · " not in line for line in lines)


def test_long_lists_of_names_are_cut() -> None:
    assert named(["a", "b"]) == "a, b"
    assert named(list("abcdefg"), 3) == "a, b, c and 4 more"


def test_a_commit_is_named_with_its_subject_and_whether_files_differ() -> None:
    assert commit("3f2c1ab99", "orders\x1b[2J 1.4.2", dirty=False) == 'commit 3f2c1ab "orders 1.4.2"'
    assert commit("3f2c1ab99", "", dirty=True) == "commit 3f2c1ab with uncommitted changes"


def test_colour_only_adds() -> None:
    line = (("a", "bold red"), ("", "dim"), ("b ", ""))
    assert paint(line, color=False) == "ab"
    assert paint(line, color=True) == "\x1b[1;31ma\x1b[0mb"
    assert paint(plain("x", "dim"), color=True) == "\x1b[2mx\x1b[0m"


def test_old_terminals_get_ascii() -> None:
    assert to_ascii("✓ a → b … ü") == "+ a -> b ... ?"
