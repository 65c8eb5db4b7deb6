"""Holds out of Git's log: only what a human took back, with the commit that did."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.upgrades.reverted import Commit, history_of, reverted

KEY = ("prod", "web", "image.tag")
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def upgrade(number: int, old: str, new: str, place: str = "prod/web", trailer: str = "Fairway-Upgrade") -> Commit:
    return Commit(f"{number:040x}", "Fairway", f"web {new}", ((trailer, f"{place} image.tag {old} {new}"),), MAY)


def by_hand(number: int, *removed: str, subject: str = "Back", body: str = "", author: str = "ann") -> Commit:
    lines = tuple(("releases.yaml", line) for line in removed)
    return Commit(f"{number:040x}", author, subject, (), MAY, body, lines)


def held(log: list[Commit], current: str) -> dict[str, str]:
    """`log` is written oldest first here."""
    return {hold.version: hold.reason for hold in reverted(history_of(log[::-1]), KEY, current)}


def test_an_upgrade_that_stands_is_not_held() -> None:
    assert held([upgrade(1, "1.9.0", "1.9.1")], "1.9.1") == {}


def test_an_upgrade_that_somebody_took_back_is_held_with_who_and_where() -> None:
    log = [
        upgrade(1, "1.9.0", "1.9.1"),
        by_hand(2, "  replicas: 3", author="bob"),
        by_hand(3, '      - {key: image.tag, value: "1.9.1"}', subject="It leaks"),
        by_hand(4, "  other: 1.9.10", author="bob"),
    ]
    assert held(log, "1.9.0") == {"1.9.1": "reverted by ann in 0000000000: It leaks"}


def test_git_revert_says_itself_what_it_reverts() -> None:
    body = f"This reverts commit {1:040x}."
    log = [upgrade(1, "1.9.0", "1.9.1"), by_hand(2, subject="Revert", body=body), by_hand(3, "a: 1.9.1")]
    assert held(log, "1.9.0") == {"1.9.1": "reverted by ann in 0000000000: Revert"}


def test_who_is_not_known_is_not_made_up() -> None:
    assert held([upgrade(1, "1.9.0", "1.9.1"), by_hand(2)], "1.9.0") == {"1.9.1": "moved back after 0000000000"}


@pytest.mark.parametrize(
    ("current", "is_held"),
    [
        ("1.9.0", True),
        ("v1.9.0", True),
        ("1.8.5", True),
        ("1.9.1", False),
        ("1.9.2", False),
        ("2.0", False),
        ("", False),
    ],
)
def test_only_what_is_lower_than_the_upgrade_took_it_back(current: str, is_held: bool) -> None:
    assert bool(held([upgrade(1, "1.9.0", "1.9.1")], current)) == is_held


@pytest.mark.parametrize(("current", "is_held"), [("main-1", True), ("main-3", False)])
def test_what_is_no_version_was_taken_back_when_it_is_the_old_one(current: str, is_held: bool) -> None:
    assert bool(held([upgrade(1, "main-1", "main-2")], current)) == is_held


def test_a_digest_that_was_taken_back_is_held_and_its_tag_is_not() -> None:
    log = [upgrade(1, "main@sha256:a", "main@sha256:b")]
    assert list(held(log, "main@sha256:a")) == ["main@sha256:b"]
    assert held(log, "main@sha256:b") == {}


def test_what_fairway_moved_back_itself_is_not_held_by_the_log() -> None:
    log = [upgrade(1, "1.9.0", "1.9.1"), upgrade(2, "1.9.1", "1.9.0", trailer="Fairway-Revert")]
    assert held(log, "1.9.0") == {}


def test_each_version_that_was_taken_back_stays_held() -> None:
    log = [
        upgrade(1, "1.9.0", "1.9.1"),
        by_hand(2, "tag: 1.9.1", subject="first"),
        upgrade(3, "1.9.0", "1.9.2"),
        by_hand(4, "tag: 1.9.2", subject="second"),
    ]
    assert held(log, "1.9.0") == {
        "1.9.1": "reverted by ann in 0000000000: first",
        "1.9.2": "reverted by ann in 0000000000: second",
    }
    assert held(log[:3], "1.9.2") == {}


def test_other_releases_and_environments_are_not_concerned() -> None:
    log = [upgrade(1, "1.9.0", "1.9.1", "test/web"), upgrade(2, "1.9.0", "1.9.1", "prod/api")]
    assert held(log, "1.9.0") == {}


def test_trailers_that_say_nothing_are_passed_over() -> None:
    odd = [("Fairway-Upgrade", "prod/web"), ("Fairway-Upgrade", ""), ("Signed-off-by", "prod/web image.tag 1 2")]
    assert history_of([Commit("a", "b", "c", tuple(odd))]).moves == {}


versions = st.integers(0, 9).map(lambda number: f"1.0.{number}")


@given(st.lists(st.tuples(versions, versions)), versions)
def test_nothing_is_held_that_is_not_newer_than_what_is_there(moves: list[tuple[str, str]], current: str) -> None:
    log = [upgrade(number, old, new) for number, (old, new) in enumerate(moves)]
    assert all(version > current or any(old == current for old, _ in moves) for version in held(log, current))
    assert current not in held(log, current)
