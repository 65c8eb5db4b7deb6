"""What a rule means; that it means the same to Helm is checked in tests/contract/charts/test_folders.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.charts.ignoring import DEFAULT_RULES, parse_ignore
from fairway.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("rule", "hidden", "seen"),
    [
        ("*.bak", ["a.bak", "deep/a.bak"], ["a.txt", "a.bak.txt"]),
        ("/top.txt", ["top.txt"], ["deep/top.txt"]),
        ("deep/a.txt", ["deep/a.txt"], ["a.txt", "x/deep/a.txt"]),
        ("deep/*", ["deep/a", "deep/b"], ["deep", "deep/a/b"]),
        ("secret/", ["secret/", "deep/secret/"], ["secret"]),
        ("/secret/", ["secret/"], ["deep/secret/", "secret"]),
        ("?", ["a", "deep/b"], ["ab"]),
        ("[ab].txt", ["a.txt", "b.txt"], ["c.txt"]),
        ("[^ab].txt", ["c.txt"], ["a.txt"]),
        ("[a-c].txt", ["b.txt"], ["d.txt"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("!*.txt", ["a.md", "deep/"], ["a.txt"]),
        ("# *.txt", [], ["a.txt"]),
        ("   *.txt   ", ["a.txt"], []),
        ("a.b", ["a.b"], ["aXb"]),
    ],
)
def test_a_rule_hides(rule: str, hidden: list[str], seen: list[str]) -> None:
    rules = parse_ignore(rule, ".helmignore")
    for path in hidden:
        assert rules.hides(path.rstrip("/"), is_folder=path.endswith("/")), path
    for path in seen:
        assert not rules.hides(path.rstrip("/"), is_folder=path.endswith("/")), path


def test_hidden_files_of_templates_never_belong_to_a_chart() -> None:
    assert DEFAULT_RULES.hides("templates/.swp", is_folder=False)
    assert not DEFAULT_RULES.hides("templates/a.yaml", is_folder=False)
    assert not DEFAULT_RULES.hides("templates/deep/.swp", is_folder=False)


@pytest.mark.parametrize(("rule", "message"), [("a/**/b", "is not supported"), ("[a", "no ]"), ("a\\", "backslash")])
def test_a_rule_that_helm_would_refuse_is_told_with_its_line(rule: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        parse_ignore(f"# fine\n{rule}\n", "web/.helmignore")
    assert caught.value.where is not None
    assert str(caught.value.where) == "web/.helmignore:2"


@given(st.text("ab*?[]^-\\/!.# \n", max_size=20), st.text("ab/.", min_size=1, max_size=8))
def test_any_text_is_rules_or_a_clear_refusal(text: str, path: str) -> None:
    try:
        rules = parse_ignore(text, ".helmignore")
    except InvalidInput:
        return
    assert rules.hides(path, is_folder=False) in (True, False)
