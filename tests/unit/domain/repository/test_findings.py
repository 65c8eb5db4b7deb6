"""Findings are collected once each, in the order of places; suggestions help and never mislead."""

import pytest

from fairway.domain.errors import Diagnostic, Position, Severity
from fairway.domain.repository.findings import Findings, nearest, suggestion
from fairway.domain.repository.resolving.names import slug

A1, A9, B1 = Position("a.yaml", 1, 1), Position("a.yaml", 9, 1), Position("b.yaml", 1, 1)


def test_findings_come_by_file_and_line_and_those_without_a_place_last() -> None:
    findings = Findings()
    findings.warning("w", "nowhere", None)
    findings.error("e", "late", B1)
    findings.info("i", "middle", A9)
    findings.error("e", "early", A1)
    assert [one.message for one in findings.in_order()] == ["early", "middle", "late", "nowhere"]


def test_the_same_finding_counts_once_whichever_release_it_was_found_through() -> None:
    findings = Findings()
    findings.error("e", 'release "web": chart has neither dir nor reference', A1)
    findings.error("e", 'release "api": chart has neither dir nor reference', A1)
    findings.error("e", 'release "api": something else', A1)
    findings.error("e", 'release "api": something else', A9)
    assert [str(one.position) for one in findings.in_order()] == ["a.yaml:1:1", "a.yaml:1:1", "a.yaml:9:1"]


@pytest.mark.parametrize(
    ("severity", "failed"), [(Severity.ERROR, True), (Severity.WARNING, False), (Severity.INFO, False)]
)
def test_only_errors_fail(severity: Severity, failed: bool) -> None:
    findings = Findings()
    assert not findings.failed
    findings.add(Diagnostic("x", A1, severity=severity))
    assert findings.failed is failed


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("trigers", ["trigger", "triggers", "timeout"], "triggers"),
        ("VALUES", ["values", "valuesFile"], "values"),
        ("patchlevel", ["PatchLevel", "Newest"], "PatchLevel"),
        ("zzz", ["values"], None),
        ("x", [], None),
    ],
)
def test_the_nearest_word_is_found_or_none(word: str, known: list[str], found: str | None) -> None:
    assert nearest(word, known) == found


def test_few_known_words_are_listed_and_many_are_not() -> None:
    assert suggestion("x", ["b", "a", "b"]) == "; known: a, b"
    assert suggestion("x", [f"word{number}" for number in range(20)]) == ""
    assert suggestion("x", []) == ""


@pytest.mark.parametrize(
    ("text", "label"),
    [("releases", "releases"), ("Base/Re_leases.v1", "base-re-leases-v1"), ("---", "unnamed"), ("é", "unnamed")],
)
def test_a_slug_is_a_label(text: str, label: str) -> None:
    assert slug(text) == label
