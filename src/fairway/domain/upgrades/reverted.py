"""Holds that nobody wrote down: an upgrade by Fairway whose value a human moved back.

The rule not to break: only what Git's log proves. A value that Fairway itself moved back, and one that went on to
something newer, is not held by its history.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from fairway.domain.upgrades.holds import Hold, same_version, version_to_hold
from fairway.domain.upgrades.tags import parse_tag

UPGRADE = "Fairway-Upgrade"
REVERT = "Fairway-Revert"
HOLD = "Fairway-Hold"
SHORT = 10


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the deployments repository."""

    id: str
    author: str
    subject: str
    trailers: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    body: str = ""
    removed: tuple[tuple[str, str], ...] = ()
    """(file, line) of what it took away; only of files that hold values."""

    def reverts(self, other: Commit) -> bool:
        """Whether it says so, as `git revert` writes it."""
        return f"This reverts commit {other.id}" in self.body


@dataclass(frozen=True, slots=True)
class Move:
    """A change of one value that Fairway made: an upgrade, or a revert of one."""

    old: str
    new: str
    commit: Commit
    number: int
    """Its commit's place in the log, 0 is the newest."""
    is_upgrade: bool = True


Key = tuple[str, str, str]
"""Environment, release, key of the value."""


@dataclass(frozen=True, slots=True)
class History:
    """What Fairway did to each value, oldest first, and all commits, newest first."""

    commits: tuple[Commit, ...] = ()
    moves: Mapping[Key, tuple[Move, ...]] = field(default_factory=dict)


def history_of(commits: Sequence[Commit]) -> History:
    """`commits`: newest first, as `git log` gives them."""
    moves: dict[Key, list[Move]] = {}
    for number, commit in reversed(list(enumerate(commits))):
        for name, text in commit.trailers:
            words = text.split()
            if name not in (UPGRADE, REVERT) or len(words) < 4:
                continue
            key, old, new = " ".join(words[1:-2]), words[-2], words[-1]
            environment, _, release = words[0].partition("/")
            moves.setdefault((environment, release, key), []).append(Move(old, new, commit, number, name == UPGRADE))
    return History(tuple(commits), {key: tuple(found) for key, found in moves.items()})


def reverted(history: History, key: Key, current: str) -> list[Hold]:
    """The versions that humans took back from a value that is `current` now, each with who and where."""
    moves = history.moves.get(key, ())
    held: dict[str, Hold] = {}
    for move, then in [*pairwise(moves), *((one, None) for one in moves[-1:])]:
        after = then.old if then is not None else current
        if move.is_upgrade and _moved_back(move, after) and _moved_back(move, current):
            by = _who(history.commits, move, then.number + 1 if then is not None else 0)
            held[move.new] = _hold(key, move, by)
    return list(held.values())


def _moved_back(move: Move, value: str) -> bool:
    """Whether a value is what it was before the upgrade, or older than what the upgrade brought."""
    if not value or same_version(value, move.new):
        return False
    if value == move.old or same_version(value, move.old):
        return True
    now, brought = parse_tag(value.partition("@")[0]), parse_tag(move.new.partition("@")[0])
    return now is not None and brought is not None and now.precedence < brought.precedence


def _who(commits: Sequence[Commit], move: Move, newest: int) -> Commit | None:
    """The commit between the upgrade and `newest` that took the version away."""
    between = commits[newest : move.number]
    said = next((commit for commit in reversed(between) if commit.reverts(move.commit)), None)
    if said is not None:
        return said
    whole = re.compile(rf"(?<![\w.]){re.escape(version_to_hold(move.new, move.old))}(?![\w.])")
    return next((one for one in between if any(whole.search(line) for _, line in one.removed)), None)


def _hold(key: Key, move: Move, by: Commit | None) -> Hold:
    environment, release, _ = key
    if by is None:
        reason, who, at = f"moved back after {move.commit.id[:SHORT]}", "", None
    else:
        reason, who, at = f"reverted by {by.author} in {by.id[:SHORT]}: {by.subject}", by.author, by.at
    return Hold(environment, release, version_to_hold(move.new, move.old), reason=reason, by=who, at=at)
