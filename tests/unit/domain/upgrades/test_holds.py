"""What is held: by a file, with the place of every mistake, and what lifts it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairway.domain.repository.findings import Findings
from fairway.domain.repository.sites import Document
from fairway.domain.upgrades.holds import (
    HeldVersions,
    Hold,
    in_force,
    read_holds,
    same_version,
    version_to_hold,
)
from fairway.domain.yaml import compose

MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def read(text: str) -> tuple[tuple[Hold, ...], list[tuple[str, str]]]:
    value, positions, problems = compose(text, "h.yaml")
    findings = Findings()
    holds = read_holds(Document("/h.yaml", "h.yaml", value, positions, tuple(problems)), findings)
    return holds, [(item.rule, str(item.position)) for item in findings.in_order()]


def test_an_entry_is_read_whole() -> None:
    (hold,), told = read(
        'holds:\n  - {environment: prod, release: web, name: shop/web, version: "1.9", reason: leaks, by: ann,\n'
        '     at: "2026-05-01T14:00:00+02:00"}\n'
    )
    assert told == []
    assert (hold.environment, hold.release, hold.name, hold.version) == ("prod", "web", "shop/web", "1.9")
    assert (hold.told, hold.at, hold.lifted, str(hold.position)) == ("leaks (ann)", MAY, False, "h.yaml:2:5")


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("holds:\n  - {environment: prod, release: web}\n", "missing-key", "h.yaml:2:5"),
        ("holds:\n  - {environment: prod, release: web, version: 1.9}\n", "wrong-type", "h.yaml:2:48"),
        ('holds:\n  - {environment: prod, release: web, version: "1", at: soon}\n', "bad-time", "h.yaml:2:57"),
        ('holds:\n  - {environment: prod, release: web, version: "1", why: x}\n', "unknown-key", "h.yaml:2:53"),
        ("holds: none\n", "wrong-type", "h.yaml:1:8"),
        ("hold: []\n", "unknown-key", "h.yaml:1:1"),
    ],
)
def test_every_mistake_has_its_place(text: str, rule: str, place: str) -> None:
    assert read(text)[1] == [(rule, place)]


def test_a_reason_is_one_line_that_can_be_printed() -> None:
    assert Hold("prod", "web", "1", reason="\x1b[31mred\nline  two\x07").told == "[31mred line two"
    assert Hold("prod", "web", "1", by="ann").told == "no reason given (ann)"


def test_no_file_content_holds_nothing() -> None:
    assert read("") == read("holds:\n") == read("x-note: y\n") == ((), [])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.9", "v1.9.0", True),
        ("1.9.1", "1.9.2", False),
        ("1.9.1", "1.9.1-alpine", False),
        ("1.9.1-alpine", "v1.9.1-alpine", True),
        ("main-7", "main-7", True),
        ("main-7", "main-8", False),
        ("1.9@sha256:a", "1.9", True),
        ("1.9@sha256:a", "1.9@sha256:b", False),
        ("1.9@sha256:a", "1.9@sha256:a", True),
    ],
)
def test_a_version_written_otherwise_is_the_same(one: str, other: str, same: bool) -> None:
    assert same_version(one, other) == same_version(other, one) == same


def test_a_digest_is_held_only_where_the_tag_stays() -> None:
    assert version_to_hold("1.9.1@sha256:b", "1.9.0@sha256:a") == "1.9.1"
    assert version_to_hold("main@sha256:b", "main@sha256:a") == "main@sha256:b"


def test_the_last_word_about_a_version_counts() -> None:
    hold = Hold("prod", "web", "1.9.1")
    lifted = Hold("prod", "web", "1.9.1", lifted=True)
    other = Hold("prod", "web", "1.9.2")
    assert in_force([hold, other, lifted]) == (other,)
    assert in_force([hold, lifted, hold]) == (hold,)


def test_what_git_says_counts_until_it_is_lifted_and_again_after_a_later_revert() -> None:
    derived = Hold("prod", "web", "1.9.1", reason="reverted", at=MAY)
    lifted = Hold("prod", "web", "v1.9.1", lifted=True, at=JUNE)
    assert in_force([], [derived]) == (derived,)
    assert in_force([lifted], [derived]) == ()
    again = Hold("prod", "web", "1.9.1", reason="reverted", at=datetime(2026, 7, 1, tzinfo=UTC))
    assert in_force([lifted], [again]) == (again,)
    written = Hold("prod", "web", "1.9.1", reason="ours")
    assert in_force([written], [derived]) == (written,)
    assert in_force([Hold("test", "web", "1.9.1", lifted=True)], [derived]) == (derived,)


def test_held_versions_answer_for_each_way_to_write_one() -> None:
    held = HeldVersions([("1.9.1", "leaks")])
    assert held["v1.9.1"] == "leaks"
    assert held.get("1.9.2") is None
    assert "1.9.1@sha256:a" in held
    assert dict(held) == {"1.9.1": "leaks"}


def test_a_hold_without_a_name_is_about_every_image_of_the_release() -> None:
    assert Hold("prod", "web", "1").concerns("prod", "web", "shop/web")
    assert not Hold("prod", "web", "1", "shop/web").concerns("prod", "web", "shop/worker")
    assert not Hold("prod", "web", "1").concerns("test", "web", "shop/web")
